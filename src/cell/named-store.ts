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

interface Part {
  /** Its files in the folder of the cell, without an extension. */
  readonly part: string;
  /** Its files where they are stored, without an extension. */
  readonly path: string;
}

/**
 * Keeps `PART.EXT` of a cell as `NAME.EXT`, and no failure: that of one cell is that of the study.
 *
 * @param nameOf path below `root` of a part, without an extension; the parts of a cell share a folder
 * @param partsOf the parts that a cell leaves: names of files without an extension
 */
export function namedStore(
  root: string,
  nameOf: (cell: Cell, part: string) => string,
  partsOf: (cell: Cell) => readonly string[] = () => RESULT,
): CellStore {
  const missing = async (cell: Cell) => {
    const parts: Part[] = [];
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
      if (parts.length > 0) await moveFiles(computed, parts);
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

/**
 * Every `PART.json` is moved last, when all other files are on disk. What belongs to no part is
 * removed before: nobody looks for the work folder of a finished cell.
 */
async function moveFiles(from: string, parts: readonly Part[]): Promise<void> {
  const to = dirname(parts[0]!.path);
  let moved = false;
  try {
    await makeFolders(to);
    for (const name of await readdir(from)) {
      const extension = extname(name);
      const found = parts.find(({ part }) => `${part}${extension}` === name);
      if (found === undefined) await rm(join(from, name), { recursive: true, force: true });
      else if (extension !== '.json') {
        await rename(join(from, name), found.path + extension);
        moved = true;
      }
    }
    if (moved) await syncFolder(to);
    for (const { part, path } of parts) await rename(join(from, `${part}.json`), `${path}.json`);
    await syncFolder(to);
  } catch (error) {
    throw fileError(to, error);
  }
}
