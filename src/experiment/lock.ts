import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { removeAllParts, writeAtomically } from '../checkpoint/atomic-file.ts';
import { errorCode, fileError } from '../checkpoint/file-bytes.ts';
import { UserError } from '../error.ts';

export interface FolderLock {
  /** @throws UserError when another process took the folder over */
  check(): void;
  release(): Promise<void>;
}

interface Owner {
  readonly pid: number;
  readonly host: string;
}

const OWNER = '.owner.json';
/** The lock is touched all the time; one that was silent for so long belongs to a process that is gone. */
const STALE_MS = 10_000;

/**
 * Takes a run folder for this process. The lock of a process of this machine that no longer lives is taken over at once, one of
 * another machine when it was silent for ten seconds. What killed processes left half written is removed.
 *
 * @throws UserError when another run works on the folder
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  let lost = false;
  const take = () =>
    lock(join(folder, '.run'), { realpath: false, stale: STALE_MS, onCompromised: () => (lost = true) });
  let release: () => Promise<void>;
  try {
    release = await take().catch(error => {
      if (errorCode(error) !== 'ELOCKED') throw error;
      return takeOver(folder, take);
    });
    await removeAllParts(folder);
    await writeAtomically(join(folder, OWNER), 100, handle =>
      handle.writeFile(JSON.stringify({ pid: process.pid, host: hostname() } satisfies Owner)),
    );
  } catch (error) {
    throw errorCode(error) === 'ELOCKED' ? inUse(folder) : fileError(folder, error);
  }
  return {
    check: () => {
      if (lost) throw new UserError(`${folder}: another run took this folder over while this one was stopped`);
    },
    release: async () => {
      if (lost) return;
      await rm(join(folder, OWNER), { force: true });
      await release();
    },
  };
}

/** A second lock keeps two processes from both removing what the dead one left, one of them the other's new lock. */
async function takeOver(folder: string, take: () => Promise<() => Promise<void>>): Promise<() => Promise<void>> {
  const done = await lock(join(folder, '.takeover'), { realpath: false, stale: STALE_MS });
  try {
    const owner = readOwner(folder);
    if (owner === undefined || owner.host !== hostname() || isAlive(owner.pid)) throw inUse(folder);
    await rm(join(folder, '.run.lock'), { recursive: true, force: true });
    return await take();
  } finally {
    await done();
  }
}

function inUse(folder: string): UserError {
  const owner = readOwner(folder);
  const who = owner === undefined ? '' : ` (process ${owner.pid} on ${owner.host})`;
  return new UserError(`${folder}: another run works on this folder${who}; wait for it, or give another --out`);
}

function readOwner(folder: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, OWNER), 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
