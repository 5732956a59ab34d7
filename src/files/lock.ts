/**
 * @file One process at a time works on a folder. Each process that wants it adds a lock file of its
 * own, under a unique name that tells its process, and then looks for others; of two that start at
 * once, at least one sees the other. A process holds the folder when no other lock is live. No lock
 * is ever taken over: a lock of a dead process is ignored, and removing it by name cannot remove
 * the lock of another process. proper-lockfile alone, with one lock for the folder, takes over a
 * stale lock by removing and making it, which is racy: of 20 processes that started on a stale
 * lock, two held the folder at once twice in one round.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { UserError } from '../error.ts';
import { removeAllParts } from './atomic-file.ts';
import { errorCode, fileError } from './file-bytes.ts';
import { lifeOf, ownIdentity, type ProcessIdentity } from './process-identity.ts';

/** Another process works on a folder. */
export class FolderInUse extends UserError {}

export interface FolderLock {
  /** @throws UserError when another process took the folder over */
  check(): void;
  release(): Promise<void>;
}

/**
 * A live process touches its lock three times in this time. A lock that stays untouched for so long
 * belongs to a process that ended or was stopped. The age of the lock does not tell: the clock of
 * another machine may be wrong.
 */
const STALE_MS = 6000;
/**
 * A process that does not get the folder removes its lock at once; one that stays belongs to a run.
 */
const HELD_MS = 1000;
const LOOK_AGAIN_MS = 50;

/**
 * Takes a folder for this process. Locks of processes that are known to be dead do not count. Where
 * that cannot be known, as for another machine or container, it waits until the lock is touched,
 * which shows that its process lives, or until it was untouched for `staleMs`. Temporary files of killed
 * processes are removed.
 *
 * @throws UserError when another run works on the folder
 */
export async function lockFolder(
  folder: string,
  { staleMs = STALE_MS }: { readonly staleMs?: number } = {},
): Promise<FolderLock> {
  const own = ownIdentity();
  const looked: Looks = new Map();
  try {
    for (;;) {
      const before = await liveLocks(folder, { own, staleMs, looked });
      const holder = before.find(each => isHeld(each, looked));
      if (holder !== undefined) throw inUse(folder, holder.owner);
      if (before.length === 0) {
        const taken = await takeWhenAlone(folder, { own, staleMs, looked });
        if (taken !== undefined) return taken;
      }
      // At random, so that two processes that saw each other do not collide again.
      await sleep(LOOK_AGAIN_MS * (0.5 + Math.random()));
    }
  } catch (error) {
    throw error instanceof UserError ? error : fileError(folder, error);
  }
}

/** When a lock was first seen, and its time then. */
type Looks = Map<string, { readonly since: number; readonly touched: number }>;

interface Looker {
  readonly own: ProcessIdentity;
  readonly staleMs: number;
  readonly looked: Looks;
}

/** Adds a lock to the folder, and keeps it when no other is live. */
async function takeWhenAlone(folder: string, looker: Looker): Promise<FolderLock | undefined> {
  const { own, staleMs } = looker;
  let lost = false;
  const name = nameOf(own, randomBytes(6).toString('hex'));
  const path = join(folder, name);
  const release = await lock(path, {
    ...{ realpath: false, lockfilePath: path, stale: staleMs, update: staleMs / 3 },
    onCompromised: () => (lost = true),
  });
  const giveBack = async () => {
    if (!lost) await release();
  };
  try {
    const names = await readdir(folder);
    const others = await liveLocks(
      folder,
      looker,
      names.filter(other => other !== name),
    );
    if (others.length > 0 || !names.includes(name)) {
      await giveBack();
      return undefined;
    }
    for (const other of names) {
      if (other !== name && ownerIn(other) !== undefined)
        await rm(join(folder, other), { recursive: true, force: true });
    }
    await removeAllParts(folder);
  } catch (error) {
    await giveBack().catch(() => undefined);
    throw error;
  }
  return {
    check: () => {
      if (!lost && existsSync(path)) return;
      throw new UserError(`${folder}: another run took this folder over while this one was stopped`);
    },
    release: giveBack,
  };
}

interface LiveLock {
  readonly name: string;
  readonly owner: ProcessIdentity;
  readonly life: 'alive' | 'unknown';
  /** When its process touched it, by the clock of that process. */
  readonly touched: number;
}

/** The locks that may belong to a living process. */
async function liveLocks(
  folder: string,
  { own, staleMs, looked }: Looker,
  names?: readonly string[],
): Promise<readonly LiveLock[]> {
  const live: LiveLock[] = [];
  for (const name of names ?? (await readdir(folder))) {
    const owner = ownerIn(name);
    const life = owner && lifeOf(owner, own);
    if (life === undefined || life === 'dead') continue;
    const touched = await touchedAt(join(folder, name));
    if (touched === undefined) continue;
    const first = looked.get(name);
    const untouchedMs = first?.touched === touched ? performance.now() - first.since : 0;
    if (life === 'alive' || untouchedMs < staleMs) live.push({ name, owner: owner!, life, touched });
  }
  return live;
}

/**
 * Whether a lock belongs to a run: it has stayed for HELD_MS, and its process is known to live or
 * has touched it since.
 */
function isHeld({ name, life, touched }: LiveLock, looked: Looks): boolean {
  const now = performance.now();
  const first = looked.get(name);
  if (first === undefined) {
    looked.set(name, { since: now, touched });
    return false;
  }
  return now - first.since >= HELD_MS && (life === 'alive' || touched !== first.touched);
}

async function touchedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** `.run.PID.START.SCOPE.TOKEN.HOST.lock`, `-` for what is not known. */
function nameOf({ pid, start, scope, host }: ProcessIdentity, token: string): string {
  return `.run.${pid}.${start ?? '-'}.${scope ?? '-'}.${token}.${host}.lock`;
}

function ownerIn(name: string): ProcessIdentity | undefined {
  const [, pid, start, scope, host] = /^\.run\.(\d+)\.(\d+|-)\.([\w-]+)\.[0-9a-f]+\.([\w.-]*)\.lock$/.exec(name) ?? [];
  if (pid === undefined) return undefined;
  const known = (text: string | undefined) => (text === '-' ? undefined : text);
  return { pid: Number(pid), host: host!, scope: known(scope), start: known(start) };
}

function inUse(folder: string, { pid, host }: ProcessIdentity): FolderInUse {
  return new FolderInUse(`${folder}: another run works on this folder (process ${pid} on ${host})`, {
    remedy: 'wait for it, or give another `out`',
  });
}
