import { join } from 'node:path';
import { UserError } from '../error.ts';
import { errorCode, fileError } from '../files/file-bytes.ts';
import { FolderInUse, type FolderLock } from '../files/lock.ts';
import { makeFolder } from '../files/run-folder.ts';
import type { Hooks } from '../hooks.ts';
import { type Cell, nameOfCell } from './cell.ts';
import type { CellComputer } from './kind.ts';
import type { CellUse, Outcome } from './outcome.ts';
import type { CellStore } from './store.ts';
import { leaveWorkFolder, workFolderOf } from './work-folder.ts';

/** What computes a cell, and where. */
export interface Place {
  readonly computer: CellComputer;
  /** The folder of the store, below which cells are computed. */
  readonly root: string;
  readonly store: CellStore;
}

/**
 * Computes a cell and stores it, unless it is stored. An interrupted cell resumes where it stopped.
 *
 * @throws UserError when the system refuses to write or read
 * @throws what the computer throws after `hooks.signal`
 */
export async function computeCell(cell: Cell, place: Place, hooks: Hooks): Promise<Outcome> {
  const { root, store } = place;
  const earlier = await store.find(cell);
  if (earlier !== undefined) return earlier;
  const work = workFolderOf(root, nameOfCell(cell));
  let lock: FolderLock;
  try {
    lock = await makeWorkFolder(work);
  } catch (error) {
    // The process that had the folder may have stored the cell and removed the folder.
    const stored = await store.find(cell);
    if (stored !== undefined) return stored;
    if (error instanceof FolderInUse) return { status: 'busy', why: error.reason };
    throw error;
  }
  try {
    return (await store.find(cell)) ?? (await computeAlone(cell, place, { work, lock, hooks }));
  } finally {
    await lock.release();
    await leaveWorkFolder(root, cell);
  }
}

/** A process that leaves the work folder at the same moment may remove it before the lock is in it. */
async function makeWorkFolder(work: string, tries = 5): Promise<FolderLock> {
  try {
    return await makeFolder(work);
  } catch (error) {
    const gone = error instanceof UserError && errorCode(error.cause) === 'ENOENT';
    if (!gone || tries === 1) throw error;
    return makeWorkFolder(work, tries - 1);
  }
}

async function computeAlone(
  cell: Cell,
  { computer, store }: Place,
  { work, lock, hooks }: { readonly work: string; readonly lock: FolderLock; readonly hooks: Hooks },
): Promise<Outcome> {
  const out = store.folderOf?.(cell) ?? join(work, 'out');
  let use: CellUse | undefined;
  try {
    use = (await computer.compute(cell.options, { ...hooks, out })) ?? undefined;
  } catch (error) {
    if (hooks.signal?.aborted) throw error;
    const lost = whyLost(lock);
    if (lost !== undefined) return { status: 'busy', why: lost };
    if (isSystemError(error)) throw fileError(out, error);
    return store.setAside(cell, error);
  }
  const lost = whyLost(lock);
  if (lost === undefined) {
    const peakMemoryBytes = await computer.peakMemoryBytes?.();
    return {
      ...(await store.store(cell, out)),
      ...(peakMemoryBytes !== undefined && { peakMemoryBytes }),
      ...(use && { use }),
    };
  }
  return (await store.find(cell)) ?? { status: 'busy', why: lost };
}

/** Why this process may not store the cell; undefined when it may. */
function whyLost(lock: FolderLock): string | undefined {
  try {
    lock.check();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Errors of the system that are not the fault of a cell, and would meet every other cell too. */
const SYSTEM_ERRORS = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE', 'EACCES', 'EPERM', 'EFBIG'];

/** Whether the system refused to write or read, so that the cell must be computed again. */
function isSystemError(error: unknown): boolean {
  const code = errorCode(error instanceof UserError ? error.cause : error);
  return code !== undefined && SYSTEM_ERRORS.includes(code);
}
