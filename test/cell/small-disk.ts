/** @file A disk that is really full, or read-only: a small one in memory. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export function mount(options: string, folder: string): boolean {
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

/** Whether disks can be made here; says so where not. */
export function canMount(): boolean {
  const disk = process.platform === 'linux' ? smallDisk() : undefined;
  if (disk === undefined) console.log('The tests with a full disk are skipped: no file system can be mounted here.');
  else removeDisk(disk);
  return disk !== undefined;
}

/** A disk of 256 KiB that goes with the test, and a folder on it. */
export function newDisk() {
  const disk = smallDisk()!;
  onTestFinished(() => removeDisk(disk));
  return { disk, out: join(disk, 'out') };
}
