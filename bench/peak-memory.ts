import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Memory of several processes together, in bytes; pages that they share count once. */
export interface Memory {
  readonly total: number;
  /** Pages of no file. The rest is mapped from files, and the system may drop it and read it again. */
  readonly anonymous: number;
}

/** Proportional set sizes of a process and all below it. Linux only. */
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
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      const bytes = (field: string) => 1024 * Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0);
      total += bytes('Pss');
      anonymous += bytes('Pss_Anon');
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
  readonly stdout: string;
}

/** Runs a command and watches the memory of all its processes. @throws Error when it fails, with what it said */
export async function watchMemory(command: string, args: readonly string[]): Promise<Watched> {
  const start = performance.now();
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
  return { peak, seconds: (performance.now() - start) / 1000, stdout };
}

/** Runs what `npm start` runs, in a fresh folder. */
export function peakOfStart(): Promise<Watched> {
  const out = mkdtempSync(join(tmpdir(), 'dualform-start-'));
  return watchMemory('npm', ['start', '--silent', '--', '--out', join(out, 'run')]);
}
