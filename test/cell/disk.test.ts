/** @file A disk that is really full, or read-only: a small one in memory. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { here } from '../../src/cell/here.ts';
import { runSweep, sweepStatus } from '../../src/cell/sweep.ts';
import { fakeKinds, fakeSweep } from './fake-kind.ts';
import { expectedFiles } from './on-each-server.ts';
import { digestsBelow } from './scratch.ts';

function mount(options: string, folder: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status === 0;
}

/** A disk of 256 KiB; undefined where none can be made. */
function smallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'dualform-disk-'));
  if (mount('size=256k', folder)) return folder;
  rmSync(folder, { recursive: true });
  return undefined;
}

function removeDisk(folder: string): void {
  spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true });
}

const first = process.platform === 'linux' ? smallDisk() : undefined;
if (first === undefined) console.log('The tests with a full disk are skipped: no file system can be mounted here.');
else removeDisk(first);

describe.skipIf(first === undefined)('a disk', () => {
  const sweep = fakeSweep({ seed: [1, 2] }, { bytes: 200_000 });
  const newDisk = () => {
    const disk = smallDisk()!;
    onTestFinished(() => removeDisk(disk));
    return { disk, out: join(disk, 'out') };
  };
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
