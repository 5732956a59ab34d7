/**
 * @file Where cells are stored:
 *
 *     cells/NAME/         a finished cell: its files and cell.json; or cell.json and failed.json
 *     .work/NAME/out/     a cell that is being computed, or was interrupted
 *
 * A folder in `cells` appears by one rename, so it is whole, and of two processes that compute the
 * same cell one stores it.
 */
import { randomBytes } from 'node:crypto';
import { readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../error.ts';
import { syncFolder } from '../files/atomic-file.ts';
import { canonicalJson, type Json } from '../files/canonical-json.ts';
import { errorCode, fileError } from '../files/file-bytes.ts';
import { makeFolders } from '../files/make-folders.ts';
import { prettyJson } from '../files/pretty-json.ts';
import { valueAt } from '../files/rename-keys.ts';
import { readJson, writeText } from '../files/run-folder.ts';
import { type Cell, nameOfCell } from './cell.ts';
import type { Outcome } from './outcome.ts';

export type Finished = Extract<Outcome, { readonly status: 'done' | 'failed' }>;

export function folderOfCell(root: string, cell: Cell): string {
  return join(root, 'cells', nameOfCell(cell));
}

/** Where one process at a time computes a cell. */
export function workFolderOf(root: string, cell: Cell): string {
  return join(root, '.work', nameOfCell(cell));
}

/** What is stored of a cell; undefined when it is not finished. */
export async function findCell(root: string, cell: Cell): Promise<Finished | undefined> {
  const folder = folderOfCell(root, cell);
  const names = await readdir(folder).catch(error => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw fileError(folder, error);
  });
  if (names === undefined) return undefined;
  if (!names.includes('failed.json')) return { status: 'done', found: true };
  return { status: 'failed', found: true, why: reasonIn(await readJson(join(folder, 'failed.json'))) };
}

function reasonIn(failure: Json | undefined): string {
  const why = failure === undefined ? undefined : valueAt(failure, 'why');
  return typeof why === 'string' ? why : 'failed.json does not say why';
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

/** Stores the folder in which a cell was computed. */
export async function storeCell(root: string, cell: Cell, computed: string): Promise<Finished> {
  await writeCell(computed, cell);
  if (await moveInto(computed, folderOfCell(root, cell))) return { status: 'done', found: false };
  return { status: 'done', found: true, note: 'it was stored by another process meanwhile; this result is not used' };
}

/** With sorted keys: a database may return them in another order. */
async function writeCell(folder: string, cell: Cell): Promise<void> {
  await writeText(join(folder, 'cell.json'), prettyJson(JSON.parse(canonicalJson(cell))));
}

/** Sets a cell aside with the reason. */
export async function storeFailure(root: string, cell: Cell, why: string): Promise<Finished> {
  const folder = join(root, '.work', `${nameOfCell(cell)}.${randomBytes(6).toString('hex')}.failed`);
  try {
    await writeCell(folder, cell);
    await writeText(join(folder, 'failed.json'), prettyJson({ schema: 'dualform.failed/1', why }));
    if (await moveInto(folder, folderOfCell(root, cell))) return { status: 'failed', found: false, why };
    return (await findCell(root, cell))!;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes the failures among the cells, so that they are computed again. @returns how many */
export async function forgetFailures(root: string, cells: readonly Cell[]): Promise<number> {
  const finished = await finishedNames(root);
  let forgotten = 0;
  for (const cell of cells) {
    if (!finished.has(nameOfCell(cell)) || (await findCell(root, cell))?.status !== 'failed') continue;
    await rm(folderOfCell(root, cell), { recursive: true, force: true });
    forgotten++;
  }
  return forgotten;
}

/** Removes the work folder of a cell unless another process uses it. */
export async function leaveWorkFolder(root: string, cell: Cell): Promise<void> {
  await rmdir(workFolderOf(root, cell)).catch(() => undefined);
}

/** Removes the folder of all work unless a cell is in it. */
export async function leaveWork(root: string): Promise<void> {
  await rmdir(join(root, '.work')).catch(() => undefined);
}

/** @returns false when the place is taken */
async function moveInto(from: string, to: string): Promise<boolean> {
  const parent = join(to, '..');
  try {
    await makeFolders(parent);
    // Windows says EPERM if the folder exists.
    if (await stat(to).catch(() => undefined)) return false;
    await rename(from, to);
    await syncFolder(parent);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) return false;
    throw fileError(to, error);
  }
}

/** Errors of the system that are not the fault of a cell, and would meet every other cell too. */
const SYSTEM_ERRORS = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE', 'EACCES', 'EPERM', 'EFBIG'];

/** Whether the system refused to write or read, so that the cell must be computed again. */
export function isSystemError(error: unknown): boolean {
  const code = errorCode(error instanceof UserError ? error.cause : error);
  return code !== undefined && SYSTEM_ERRORS.includes(code);
}
