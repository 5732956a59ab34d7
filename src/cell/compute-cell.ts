import { join } from 'node:path';
import { UserError } from '../error.ts';
import { errorCode } from '../files/file-bytes.ts';
import { FolderInUse, type FolderLock } from '../files/lock.ts';
import { makeFolder } from '../files/run-folder.ts';
import type { Hooks } from '../hooks.ts';
import type { Cell, CellComputer } from './cell.ts';
import { findCell, isSystemError, leaveWorkFolder, storeCell, storeFailure, workFolderOf } from './cell-folder.ts';
import type { Outcome } from './outcome.ts';

/**
 * Computes a cell and stores it in the folder `root`, unless it is stored there. An interrupted cell
 * resumes where it stopped.
 *
 * @throws UserError when the system refuses to write or read
 * @throws the reason of `hooks.signal`
 */
export async function computeCell(cell: Cell, computer: CellComputer, root: string, hooks: Hooks): Promise<Outcome> {
  const earlier = await findCell(root, cell);
  if (earlier !== undefined) return earlier;
  const work = workFolderOf(root, cell);
  let lock: FolderLock;
  try {
    lock = await makeWorkFolder(work);
  } catch (error) {
    // The process that had the folder may have stored the cell and removed the folder.
    const stored = await findCell(root, cell);
    if (stored !== undefined) return stored;
    if (error instanceof FolderInUse) return { status: 'busy', why: error.reason };
    throw error;
  }
  try {
    return (await findCell(root, cell)) ?? (await computeAlone(cell, computer, { root, work, lock, hooks }));
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
  computer: CellComputer,
  {
    root,
    work,
    lock,
    hooks,
  }: { readonly root: string; readonly work: string; readonly lock: FolderLock; readonly hooks: Hooks },
): Promise<Outcome> {
  const out = join(work, 'out');
  try {
    await computer.compute(cell.options, { ...hooks, out });
  } catch (error) {
    hooks.signal?.throwIfAborted();
    const lost = whyLost(lock);
    if (lost !== undefined) return { status: 'busy', why: lost };
    if (isSystemError(error)) throw error;
    return storeFailure(root, cell, reasonOf(error));
  }
  const lost = whyLost(lock);
  if (lost === undefined) return storeCell(root, cell, out);
  return (await findCell(root, cell)) ?? { status: 'busy', why: lost };
}

function reasonOf(error: unknown): string {
  if (error instanceof UserError) return error.message;
  return `internal error: ${error instanceof Error ? error.message : error}`;
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
