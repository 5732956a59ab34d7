import { readFileSync } from 'node:fs';
import type { Memory } from '../protocol.ts';

/** Memory of a process by its id, from /proc; undefined on systems without it. */
export function memoryOf(pid: number): Memory | undefined {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return undefined;
  }
  const kibibytes = (field: string) => Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]);
  const memory = { residentBytes: kibibytes('VmRSS') * 1024, peakResidentBytes: kibibytes('VmHWM') * 1024 };
  return Number.isNaN(memory.residentBytes + memory.peakResidentBytes) ? undefined : memory;
}

/** Memory of this process; from its own counters on systems without /proc. */
export function ownMemory(): Memory {
  return (
    memoryOf(process.pid) ?? {
      residentBytes: process.memoryUsage.rss(),
      peakResidentBytes: process.resourceUsage().maxRSS * 1024,
    }
  );
}
