/** @file A sweep on a disk that is full, or read-only. */
import { describe, expect, test } from 'vitest';
import { here } from '../../src/cell/here.ts';
import { runSweep, sweepStatus } from '../../src/cell/sweep.ts';
import { fakeKinds, fakeSweep } from './fake-kind.ts';
import { expectedFiles } from './on-each-server.ts';
import { digestsBelow } from './scratch.ts';
import { canMount, mount, newDisk } from './small-disk.ts';

describe.skipIf(!canMount())('a disk', () => {
  const sweep = fakeSweep({ seed: [1, 2] }, { bytes: 200_000 });
  const run = (out: string) => runSweep(sweep, { out, executor: here(fakeKinds) });

  test('that is full: one clear line, no cell is set aside, and the sweep resumes with more space', async () => {
    const { disk, out } = newDisk();
    await expect(run(out)).rejects.toThrow(/^.*\/out\/\S*: the disk is full; free some space/);
    expect(await sweepStatus(out, fakeKinds)).toMatchObject({ done: 1, failed: [], left: 1 });
    expect(mount('remount,size=8m', disk)).toBe(true);
    expect(await run(out)).toMatchObject({ done: 2, failed: [] });
    expect(digestsBelow(out)).toEqual(await expectedFiles(sweep));
  });

  test('that is read-only: one clear line, and the sweep runs where it can write', async () => {
    const { disk, out } = newDisk();
    expect(mount('remount,ro,size=8m', disk)).toBe(true);
    await expect(run(out)).rejects.toThrow(/\/out: the file system is read-only; choose another place/);
    expect(mount('remount,rw', disk)).toBe(true);
    expect(await run(out)).toMatchObject({ done: 2, failed: [] });
    expect(digestsBelow(out)).toEqual(await expectedFiles(sweep));
  });
});
