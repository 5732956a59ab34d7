import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** What `physicalCores` reads of a machine; tests replace it. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** logical processors that the process may use */
  readonly parallelism: number;
  /** text of a file, undefined if it cannot be read */
  readonly read: (file: string) => string | undefined;
}

/**
 * Physical cores that the process may use: matrix products gain nothing from the second thread of a
 * core. On Linux the distinct sets of sibling threads among the allowed processors, at most the
 * processor quota of the control group. Elsewhere two threads per core are assumed on x64, and one
 * on arm64.
 */
export function physicalCores(machine: Machine = thisMachine()): number {
  if (machine.platform === 'linux') {
    const cores = coresByTopology(machine.read) ?? machine.parallelism;
    return Math.max(1, Math.min(cores, quota(machine.read)));
  }
  return machine.arch === 'x64' ? Math.max(1, Math.ceil(machine.parallelism / 2)) : machine.parallelism;
}

function thisMachine(): Machine {
  return {
    platform: process.platform,
    arch: process.arch,
    parallelism: os.availableParallelism(),
    read: file => {
      try {
        return readFileSync(file, 'utf8');
      } catch {
        return undefined;
      }
    },
  };
}

function coresByTopology(read: Machine['read']): number | undefined {
  const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(read('/proc/self/status') ?? '')?.[1];
  if (allowed === undefined) return undefined;
  const cores = new Set<string>();
  for (const cpu of parseCpuList(allowed)) {
    const siblings = read(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`)?.trim();
    if (siblings) cores.add(siblings);
  }
  return cores.size > 0 ? cores.size : undefined;
}

/** `0-2,5` -> 0 1 2 5 */
function parseCpuList(list: string): number[] {
  return list.split(',').flatMap(range => {
    const [first, last] = range.split('-').map(Number) as [number, number?];
    return Array.from({ length: (last ?? first) - first + 1 }, (_, i) => first + i);
  });
}

/**
 * Whole processors that the control group (version 2 or 1) grants, rounded up; infinity without a
 * limit.
 */
function quota(read: Machine['read']): number {
  let least = Number.POSITIVE_INFINITY;
  const limit = (allowed: string | undefined, period: string | undefined) => {
    const processors = Math.ceil(Number(allowed) / Number(period));
    if (processors > 0) least = Math.min(least, processors);
  };
  // Limits of all parent groups apply too.
  let group = /^0::(\S+)/m.exec(read('/proc/self/cgroup') ?? '')?.[1] ?? '/';
  for (;;) {
    const [allowed, period] =
      read(path.posix.join('/sys/fs/cgroup', group, 'cpu.max'))
        ?.trim()
        .split(' ') ?? [];
    limit(allowed, period);
    if (group === '/') break;
    group = path.posix.dirname(group);
  }
  limit(read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'), read('/sys/fs/cgroup/cpu/cpu.cfs_period_us'));
  return least;
}
