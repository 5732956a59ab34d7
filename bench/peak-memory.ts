import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Memory of several processes together, in bytes. Program pages that two of them share count twice.
 */
export interface Memory {
  readonly total: number;
  /** Anonymous pages. The rest is mapped from files, which the system may drop and read again. */
  readonly anonymous: number;
}

/**
 * Resident sets of a process and its descendants, from the kernel's counters. Reading `smaps`
 * instead would stop a process that maps gigabytes for a tenth of a second each time. Linux only.
 */
function memoryOfTree(root: number): Memory {
  let [total, anonymous] = [0, 0];
  for (const pid of processesOf(root)) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      total += kibibytes(status, 'VmRSS') * 1024;
      anonymous += kibibytes(status, 'RssAnon') * 1024;
    } catch {
      // The process ended meanwhile.
    }
  }
  return { total, anonymous };
}

/**
 * The same with each page counted once, however often it is mapped, in bytes. Stops a process that
 * maps gigabytes for a tenth of a second.
 */
function distinctMemoryOfTree(root: number): number {
  let total = 0;
  for (const pid of processesOf(root)) {
    try {
      total += kibibytes(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss') * 1024;
    } catch {
      // The process ended meanwhile.
    }
  }
  return total;
}

function kibibytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

/** A process and its descendants. */
function processesOf(root: number): readonly number[] {
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
  return [...parents.keys()].filter(below);
}

export interface Watched {
  /** Memory at the peak of all processes together. */
  readonly peak: Memory;
  /** Peak in bytes where each page counts once; looked at every few seconds. */
  readonly peakDistinct: number;
  readonly seconds: number;
  /** Mean number of processors that other programs used meanwhile. */
  readonly others: number;
  readonly stdout: string;
}

/**
 * User time in hundredths of a second: of the whole machine, and of this process and its ended
 * children.
 */
function ticks(): { readonly all: number; readonly own: number } {
  const [, user, nice] = readFileSync('/proc/stat', 'utf8').split(/\s+/).map(Number) as [number, number, number];
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { all: user + nice, own: Number(fields[11]) + Number(fields[13]) };
}

/**
 * Runs a command and watches the memory of all its processes.
 * @throws Error if it fails, with its output
 */
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
  let peakDistinct = 0;
  const watchDistinct = setInterval(() => {
    peakDistinct = Math.max(peakDistinct, distinctMemoryOfTree(child.pid!));
  }, 4000);
  const code = await new Promise(resolve => child.on('close', resolve));
  clearInterval(watch);
  clearInterval(watchDistinct);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${stderr.trim()}`);
  const [seconds, after] = [(performance.now() - start) / 1000, ticks()];
  const others = (after.all - before.all - (after.own - before.own)) / 100 / seconds;
  return { peak, peakDistinct, seconds, others, stdout };
}

const TRIES = 4;
const BUSY = 0.05;

/**
 * The first of a few tries in which other programs leave the machine idle, else the least disturbed
 * one.
 */
export async function undisturbed(watch: () => Promise<Watched>): Promise<Watched> {
  let best = await watch();
  for (let i = 1; i < TRIES && best.others > BUSY; i++) {
    const next = await watch();
    if (next.others < best.others) best = next;
  }
  return best;
}

/** Runs the commands of `npm start` in a new folder. */
export function peakOfStart(): Promise<Watched> {
  const out = mkdtempSync(join(tmpdir(), 'dualform-start-'));
  return watchMemory('npm', ['start', '--silent', '--', '--out', join(out, 'run')]);
}
