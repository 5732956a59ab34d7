/** @file Several processes on one folder: who does which part. */
import { rmdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../error.ts';
import { errorCode } from '../../files/file-bytes.ts';
import { FolderInUse, type FolderLock } from '../../files/lock.ts';
import { makeFolder } from '../../files/run-folder.ts';

const LOOK_AGAIN_MS = 500;

/**
 * Does work that one process at a time does.
 *
 * @param place the folder whose lock is held during the work
 * @returns `busy` when another process is at it
 */
export async function unlessBusy<T>(place: string, work: (lock: FolderLock) => Promise<T>): Promise<T | 'busy'> {
  let lock: FolderLock;
  try {
    lock = await lockPlace(place);
  } catch (error) {
    if (error instanceof FolderInUse) return 'busy';
    throw error;
  }
  try {
    return await work(lock);
  } finally {
    await lock.release();
    await rmdir(place).catch(() => undefined);
  }
}

/** As `unlessBusy`, but waits for the other process. */
export async function whenFree<T extends object>(
  place: string,
  work: (lock: FolderLock) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (;;) {
    const done = await unlessBusy(place, work);
    if (done !== 'busy') return done;
    await sleep(LOOK_AGAIN_MS, undefined, { signal });
  }
}

/** A process that leaves the place at the same moment may remove it before the lock is in it. */
async function lockPlace(place: string, tries = 10): Promise<FolderLock> {
  try {
    return await makeFolder(place);
  } catch (error) {
    const code = error instanceof UserError ? errorCode(error.cause) : undefined;
    if (tries === 1 || (code !== 'ENOENT' && code !== 'EEXIST')) throw error;
    return lockPlace(place, tries - 1);
  }
}
