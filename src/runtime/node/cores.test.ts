import { describe, expect, test } from 'vitest';
import { type Machine, physicalCores } from './cores.ts';

function linux(parallelism: number, files: Readonly<Record<string, string>>): Machine {
  return { platform: 'linux', arch: 'x64', parallelism, read: file => files[file] };
}

/** `siblings[i]` is the list of the core of processor i. */
function topology(allowed: string, siblings: readonly string[]): Record<string, string> {
  const entries = siblings.map((list, i) => [
    `/sys/devices/system/cpu/cpu${i}/topology/thread_siblings_list`,
    `${list}\n`,
  ]);
  return { '/proc/self/status': `Name:\tnode\nCpus_allowed_list:\t${allowed}\n`, ...Object.fromEntries(entries) };
}

describe('on Linux', () => {
  const fourCores = ['0,4', '1,5', '2,6', '3,7', '0,4', '1,5', '2,6', '3,7'];

  test.each([
    ['all processors of a machine with two threads a core', '0-7', 4],
    ['one thread of each core', '0-3', 4],
    ['both threads of two cores', '0,1,4-5', 2],
    ['one processor', '6', 1],
  ])('%s', (_, allowed, cores) => {
    expect(physicalCores(linux(8, topology(allowed, fourCores)))).toBe(cores);
  });

  test('without hyperthreading every processor is a core', () => {
    expect(physicalCores(linux(2, topology('0-1', ['0', '1'])))).toBe(2);
  });

  test('without topology the processors count', () => {
    expect(physicalCores(linux(6, topology('0-5', [])))).toBe(6);
    expect(physicalCores(linux(6, {}))).toBe(6);
  });

  test.each([
    ['its own quota, rounded up', { '/sys/fs/cgroup/jobs/mine/cpu.max': '150000 100000\n' }, 2],
    [
      'the quota of a group above',
      { '/sys/fs/cgroup/jobs/mine/cpu.max': 'max 100000', '/sys/fs/cgroup/jobs/cpu.max': '50000 100000' },
      1,
    ],
    ['no quota', { '/sys/fs/cgroup/jobs/mine/cpu.max': 'max 100000\n' }, 4],
    [
      'a quota of version 1',
      { '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '300000\n', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n' },
      3,
    ],
    [
      'no quota of version 1',
      { '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n' },
      4,
    ],
  ])('a control group with %s', (_, files, cores) => {
    const group = { '/proc/self/cgroup': '0::/jobs/mine\n' };
    expect(physicalCores(linux(8, { ...topology('0-7', fourCores), ...group, ...files }))).toBe(cores);
  });
});

test('elsewhere x64 has two threads a core and arm64 one', () => {
  const read = () => undefined;
  expect(physicalCores({ platform: 'darwin', arch: 'arm64', parallelism: 8, read })).toBe(8);
  expect(physicalCores({ platform: 'win32', arch: 'x64', parallelism: 8, read })).toBe(4);
  expect(physicalCores({ platform: 'win32', arch: 'x64', parallelism: 1, read })).toBe(1);
});

test('this machine has at least one core', () => {
  expect(physicalCores()).toBeGreaterThanOrEqual(1);
});
