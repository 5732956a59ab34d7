/**
 * @file Cells under names of their own, in the folder of a study:
 *
 *     NAME.json     a finished part of a cell; it appears by one rename, after its other files
 *     NAME.*        its other files
 *
 * A cell is finished when all its parts are.
 */
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { syncFolder } from '../files/atomic-file.ts';
import { errorCode, fileError } from '../files/file-bytes.ts';
import { makeFolders } from '../files/make-folders.ts';
import type { Cell } from './cell.ts';
import { type CellStore, STORED_MEANWHILE } from './store.ts';

/** Most cells have one part: `result.json` and files beside it. */
const RESULT: readonly string[] = ['result'];

/**
 * Keeps `PART.EXT` of a cell as `NAME.EXT`, and no failure: that of one cell is that of the study.
 *
 * @param nameOf path below `root` of a part, without an extension
 * @param partsOf the parts that a cell leaves: names of files without an extension
 */
export function namedStore(
  root: string,
  nameOf: (cell: Cell, part: string) => string,
  partsOf: (cell: Cell) => readonly string[] = () => RESULT,
): CellStore {
  const missing = async (cell: Cell) => {
    const parts: { readonly part: string; readonly path: string }[] = [];
    for (const part of partsOf(cell)) {
      const path = join(root, nameOf(cell, part));
      if (!(await isStored(`${path}.json`))) parts.push({ part, path });
    }
    return parts;
  };
  return {
    find: async cell => ((await missing(cell)).length === 0 ? { status: 'done', found: true } : undefined),
    store: async (cell, computed) => {
      const parts = await missing(cell);
      if (parts.length > 0) await removeOthers(computed, parts);
      for (const { part, path } of parts) await moveFiles(computed, part, path);
      await rm(computed, { recursive: true, force: true }).catch(() => undefined);
      const found = parts.length === 0;
      return { status: 'done', found, ...(found && { note: STORED_MEANWHILE }) };
    },
    setAside: async (_, error) => {
      throw error;
    },
  };
}

/** Whether there is the file that a cell leaves last. */
export async function isStored(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw fileError(file, error);
  }
}

/** Whether a file belongs to a part. */
function isOf(part: string, name: string): boolean {
  return name.slice(0, -extname(name).length) === part;
}

/** Before the cell is finished: nobody looks for its work folder after that. */
async function removeOthers(folder: string, parts: readonly { readonly part: string }[]): Promise<void> {
  try {
    for (const name of await readdir(folder)) {
      if (!parts.some(({ part }) => isOf(part, name))) await rm(join(folder, name), { recursive: true, force: true });
    }
  } catch (error) {
    throw fileError(folder, error);
  }
}

/** `PART.json` last, when nothing else of the part is left. */
async function moveFiles(from: string, part: string, path: string): Promise<void> {
  try {
    await makeFolders(dirname(path));
    const files = (await readdir(from)).filter(name => isOf(part, name));
    for (const name of files.filter(each => each !== `${part}.json`)) {
      await rename(join(from, name), path + extname(name));
    }
    await syncFolder(dirname(path));
    await rename(join(from, `${part}.json`), `${path}.json`);
    await syncFolder(dirname(path));
  } catch (error) {
    throw fileError(path, error);
  }
}
