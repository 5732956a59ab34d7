import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Memory of several processes together, in bytes; the pages of a program that two of them run count twice. */
export interface Memory {
  readonly total: number;
  /** Pages of no file. The rest is mapped from files, and the system may drop it and read it again. */
  readonly anonymous: number;
}

/**
 * Resident sets of a process and all below it, as the kernel counts them anyway: to have it look through the pages instead (`smaps`) stops a
 * process that maps gigabytes for a tenth of a second each time. Linux only.
 */
function memoryOfTree(root: number): Memory {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // The process ended between the listing and the reading.
    }
  }
  const below = (pid: number): boolean => pid === root || (parents.has(pid) && below(parents.get(pid)!));
  let [total, anonymous] = [0, 0];
  for (const pid of parents.keys()) {
    if (!below(pid)) continue;
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const bytes = (field: string) => 1024 * Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
      total += bytes('VmRSS');
      anonymous += bytes('RssAnon');
    } catch {
      // As above.
    }
  }
  return { total, anonymous };
}

export interface Watched {
  /** The moment at which all processes together took most. */
  readonly peak: Memory;
  readonly seconds: number;
  /** Processors that other programs kept busy meanwhile. */
  readonly others: number;
  readonly stdout: string;
}

/** Hundredths of a second in programs, not in the kernel: of the whole machine, and of this process and what it has started and seen end. */
function ticks(): { readonly all: number; readonly own: number } {
  const [, user, nice] = readFileSync('/proc/stat', 'utf8').split(/\s+/).map(Number) as [number, number, number];
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { all: user + nice, own: Number(fields[11]) + Number(fields[13]) };
}

/** Runs a command and watches the memory of all its processes. @throws Error when it fails, with what it said */
export async function watchMemory(command: string, args: readonly string[]): Promise<Watched> {
  const [start, before] = [performance.now(), ticks()];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', text => {
    stdout += text;
  });
  child.stderr.on('data', text => {
    stderr += text;
  });
  let peak: Memory = { total: 0, anonymous: 0 };
  const watch = setInterval(() => {
    const now = memoryOfTree(child.pid!);
    if (now.total > peak.total) peak = now;
  }, 100);
  const code = await new Promise(resolve => child.on('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${stderr.trim()}`);
  const [seconds, after] = [(performance.now() - start) / 1000, ticks()];
  const others = (after.all - before.all - (after.own - before.own)) / 100 / seconds;
  return { peak, seconds, others, stdout };
}

const TRIES = 4;
const BUSY = 0.05;

/** The first of a few tries, or the least disturbed, in which other programs leave the machine alone. */
export async function undisturbed(watch: () => Promise<Watched>): Promise<Watched> {
  let best = await watch();
  for (let i = 1; i < TRIES && best.others > BUSY; i++) {
    const next = await watch();
    if (next.others < best.others) best = next;
  }
  return best;
}

/** Runs what `npm start` runs, in a fresh folder. */
export function peakOfStart(): Promise<Watched> {
  const out = mkdtempSync(join(tmpdir(), 'dualform-start-'));
  return watchMemory('npm', ['start', '--silent', '--', '--out', join(out, 'run')]);
}
