/**
 * @file The cells of a sweep, each in a folder named by its hash:
 *
 *     cells/NAME/     a finished cell: its files and cell.json; or cell.json and failed.json
 *
 * A folder in `cells` appears by one rename, so it is whole, and of two processes that compute the
 * same cell one stores it.
 */
import { randomBytes } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../files/atomic-file.ts';
import { canonicalJson, type Json } from '../files/canonical-json.ts';
import { errorCode, fileError } from '../files/file-bytes.ts';
import { inFolder } from '../files/make-folders.ts';
import { prettyJson } from '../files/pretty-json.ts';
import { valueAt } from '../files/rename-keys.ts';
import { readJson, writeText } from '../files/run-folder.ts';
import { type Cell, nameOfCell } from './cell.ts';
import { reasonOf } from './outcome.ts';
import { type CellStore, STORED_MEANWHILE } from './store.ts';
import { workFolderOf } from './work-folder.ts';

export function folderOfCell(root: string, cell: Cell): string {
  return join(root, 'cells', nameOfCell(cell));
}

export function sweepStore(root: string): CellStore {
  const store: CellStore = {
    find: async cell => {
      const folder = folderOfCell(root, cell);
      const names = await readdir(folder).catch(error => {
        if (errorCode(error) === 'ENOENT') return undefined;
        throw fileError(folder, error);
      });
      if (names === undefined) return undefined;
      if (!names.includes('failed.json')) return { status: 'done', found: true };
      return { status: 'failed', found: true, why: reasonIn(await readJson(join(folder, 'failed.json'))) };
    },
    store: async (cell, computed) => {
      await writeCell(computed, cell);
      if (await moveInto(computed, folderOfCell(root, cell))) return { status: 'done', found: false };
      return { status: 'done', found: true, note: STORED_MEANWHILE };
    },
    setAside: async (cell, error) => {
      const why = reasonOf(error);
      const folder = workFolderOf(root, `${nameOfCell(cell)}.${randomBytes(6).toString('hex')}.failed`);
      try {
        await writeCell(folder, cell);
        await writeText(join(folder, 'failed.json'), prettyJson({ schema: 'dualform.failed/1', why }));
        if (await moveInto(folder, folderOfCell(root, cell))) return { status: 'failed', found: false, why };
        return (await store.find(cell))!;
      } finally {
        await rm(folder, { recursive: true, force: true }).catch(() => undefined);
      }
    },
  };
  return store;
}

function reasonIn(failure: Json | undefined): string {
  const why = failure === undefined ? undefined : valueAt(failure, 'why');
  return typeof why === 'string' ? why : 'failed.json does not say why';
}

/** With sorted keys: a database may return them in another order. */
async function writeCell(folder: string, cell: Cell): Promise<void> {
  await writeText(join(folder, 'cell.json'), prettyJson(JSON.parse(canonicalJson(cell))));
}

/** The names of all finished cells of a folder. */
export async function finishedNames(root: string): Promise<ReadonlySet<string>> {
  const folder = join(root, 'cells');
  try {
    return new Set(await readdir(folder));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return new Set();
    throw fileError(folder, error);
  }
}

/** Removes the failures among the cells, so that they are computed again. */
export async function forgetFailures(root: string, cells: readonly Cell[]): Promise<void> {
  const finished = await finishedNames(root);
  for (const cell of cells) {
    if (!finished.has(nameOfCell(cell)) || (await sweepStore(root).find(cell))?.status !== 'failed') continue;
    const folder = folderOfCell(root, cell);
    await rm(folder, { recursive: true, force: true }).catch(error => {
      throw fileError(folder, error);
    });
  }
}

/** @returns false when the place is taken */
async function moveInto(from: string, to: string): Promise<boolean> {
  const parent = join(to, '..');
  try {
    // Windows says EPERM if the folder exists.
    if (await stat(to).catch(() => undefined)) return false;
    await inFolder(parent, () => rename(from, to));
    await syncFolder(parent);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) return false;
    throw fileError(to, error);
  }
}
