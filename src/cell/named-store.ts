/**
 * @file Cells under names of their own, in the folder of a study:
 *
 *     NAME.json     a finished cell; it appears by one rename, after all its other files
 *     NAME.*        its other files
 */
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { syncFolder } from '../files/atomic-file.ts';
import { errorCode, fileError } from '../files/file-bytes.ts';
import { makeFolders } from '../files/make-folders.ts';
import type { Cell } from './cell.ts';
import { type CellStore, STORED_MEANWHILE } from './store.ts';

/**
 * Keeps `result.EXT` of a cell as `NAME.EXT`, and no failure: that of one cell is that of the study.
 *
 * @param nameOf path below `root`, without an extension
 */
export function namedStore(root: string, nameOf: (cell: Cell) => string): CellStore {
  const isStored = async (path: string) => {
    try {
      return (await stat(`${path}.json`)).isFile();
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false;
      throw fileError(`${path}.json`, error);
    }
  };
  return {
    find: async cell => ((await isStored(join(root, nameOf(cell)))) ? { status: 'done', found: true } : undefined),
    store: async (cell, computed) => {
      const path = join(root, nameOf(cell));
      const taken = await isStored(path);
      if (!taken) await moveFiles(computed, path);
      await rm(computed, { recursive: true, force: true }).catch(() => undefined);
      return { status: 'done', found: taken, ...(taken && { note: STORED_MEANWHILE }) };
    },
    setAside: async (_, error) => {
      throw error;
    },
  };
}

/** `result.json` last, when nothing else is left. */
async function moveFiles(from: string, path: string): Promise<void> {
  try {
    await makeFolders(dirname(path));
    for (const name of (await readdir(from)).filter(each => each !== 'result.json')) {
      if (name.startsWith('result.')) await rename(join(from, name), path + extname(name));
      else await rm(join(from, name), { recursive: true });
    }
    await syncFolder(dirname(path));
    await rename(join(from, 'result.json'), `${path}.json`);
    await syncFolder(dirname(path));
  } catch (error) {
    throw fileError(path, error);
  }
}
