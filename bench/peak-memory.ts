import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Proportional set sizes of a process and all below it: pages that several share count once. Linux only. */
function residentBytes(root: number): number {
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
  let sum = 0;
  for (const pid of parents.keys()) {
    if (!below(pid)) continue;
    try {
      sum += 1024 * Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      // As above.
    }
  }
  return sum;
}

/** Runs what `npm start` runs, in a fresh folder, and watches the memory of all its processes. */
export async function peakOfStart(): Promise<{ readonly peakBytes: number; readonly seconds: number }> {
  const out = mkdtempSync(join(tmpdir(), 'dualform-start-'));
  const start = performance.now();
  const child = spawn('npm', ['start', '--silent', '--', '--out', join(out, 'run')], { stdio: 'ignore' });
  let peakBytes = 0;
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, residentBytes(child.pid!));
  }, 100);
  const code = await new Promise(resolve => child.on('exit', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`npm start ended with ${code}`);
  return { peakBytes, seconds: (performance.now() - start) / 1000 };
}
