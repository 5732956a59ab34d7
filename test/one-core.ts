/**
 * @file Pins a test worker and all that it starts to one core. Two test files at once then compute on
 * one thread each, instead of two thread pools that fight for all cores.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The processors that this process may use; undefined where they cannot be set. */
export function settableProcessors(): readonly number[] | undefined {
  if (process.platform !== 'linux') return undefined;
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]!;
  const processors = list.split(',').flatMap(range => {
    const [first, last] = range.split('-').map(Number) as [number, number?];
    return Array.from({ length: (last ?? first) - first + 1 }, (_, i) => first + i);
  });
  if (processors.length === 1) return processors;
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return processors;
}

const worker = process.env.VITEST_POOL_ID;
if (worker !== undefined) {
  const processors = settableProcessors();
  if (processors !== undefined && processors.length > 1) {
    const processor = processors[(Number(worker) - 1) % processors.length]!;
    execFileSync('taskset', ['-a', '-c', '-p', String(processor), String(process.pid)], { stdio: 'ignore' });
  }
}
