/**
 * @file Where cells are computed, below the folder in which they are stored:
 *
 *     .work/NAME/         one process at a time computes cell NAME, and locks this folder
 *     .work/NAME/out/     its files so far; those of an interrupted cell stay
 */
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cell, nameOfCell } from './cell.ts';

/** Also holds folders that are received, or set aside, under names that are no name of a cell. */
export function workFolderOf(root: string, name: string): string {
  return join(root, '.work', name);
}

/** Removes the work folder of a cell unless another process uses it. */
export async function leaveWorkFolder(root: string, cell: Cell): Promise<void> {
  await rmdir(workFolderOf(root, nameOfCell(cell))).catch(() => undefined);
}

/** Removes the folder of all work unless a cell is in it. */
export async function leaveWork(root: string): Promise<void> {
  await rmdir(join(root, '.work')).catch(() => undefined);
}
