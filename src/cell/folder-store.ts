import { join } from 'node:path';
import type { Cell } from './cell.ts';
import { isStored } from './named-store.ts';
import type { CellStore } from './store.ts';

/**
 * Cells that are folders under names of their own. Each is computed where it stays and resumes
 * there, so an unfinished one is not hidden; it is finished when it has `result.json`. A failure is
 * not kept: that of one cell is that of the job.
 *
 * @param nameOf path below `root`
 */
export function folderStore(root: string, nameOf: (cell: Cell) => string): CellStore {
  const folderOf = (cell: Cell) => join(root, nameOf(cell));
  return {
    folderOf,
    find: async cell =>
      (await isStored(join(folderOf(cell), 'result.json'))) ? { status: 'done', found: true } : undefined,
    store: async () => ({ status: 'done', found: false }),
    setAside: async (_, error) => {
      throw error;
    },
  };
}
