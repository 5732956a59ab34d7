/**
 * @file Partial downloads: `blobs/<etag>.<time>-<random>.incomplete`. Each belongs to one process,
 * which touches it while it works on it, so that two processes never write to the same file and the
 * second one notices the first. A file that was not touched for a while, or was released, is taken
 * over by renaming it.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, type FileHandle, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '../../files/file-bytes.ts';
import type { Pace } from './http.ts';

const INCOMPLETE = '.incomplete';
/** The time stamp of a released file. */
const LET_GO = new Date(0);

export interface PartialFile {
  readonly path: string;
  readonly handle: FileHandle;
  /**
   * @throws Lost when another process took the file over because this one was stopped for a while
   */
  check(): Promise<void>;
  /** Releases it for the next process. */
  letGo(): Promise<void>;
  /** Renames it to the blob, or throws `Lost`; removes other partial files of the same blob. */
  publish(): Promise<void>;
  remove(): Promise<void>;
}

/** The file was taken over by another process. */
export class Lost extends Error {
  override readonly name = 'Lost';
}

/** Progress of a file that another process downloads. */
export interface Busy {
  readonly bytes: number;
}

/** A partial file to fill for `blob`, with the bytes it has; or the progress of another process. */
export async function takePartial(
  blob: string,
  { abandonedMs }: Pick<Pace, 'abandonedMs'>,
): Promise<PartialFile | Busy> {
  for (const other of await othersOf(blob, abandonedMs)) {
    if (other.busy) return { bytes: other.bytes };
    const path = freshName(blob);
    if (!(await moved(other.path, path))) continue;
    await utimes(path, new Date(), new Date()).catch(() => undefined);
    const handle = await open(path, 'r+').catch(() => undefined);
    if (handle !== undefined) return hold(path, handle, blob, abandonedMs);
  }
  return makePartial(blob, abandonedMs);
}

/**
 * Of two processes that start at the same moment, the one whose name sorts first continues. If both
 * continued, it would only cost time.
 */
async function makePartial(blob: string, abandonedMs: number): Promise<PartialFile | Busy> {
  const path = freshName(blob);
  // The Python tools use this name and may be writing; the file is copied and left to them.
  const foreign = `${blob}${INCOMPLETE}`;
  const copied = await copyFile(foreign, path, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL).then(
    () => true,
    () => false,
  );
  const partial = hold(path, await open(path, copied ? 'r+' : 'w+'), blob, abandonedMs);
  const first = (await othersOf(blob, abandonedMs)).find(other => other.busy && other.path < path);
  if (first === undefined) return partial;
  await partial.remove();
  return { bytes: first.bytes };
}

function freshName(blob: string): string {
  return `${blob}.${Date.now().toString(36)}-${randomBytes(6).toString('hex')}${INCOMPLETE}`;
}

interface Other {
  readonly path: string;
  readonly bytes: number;
  readonly busy: boolean;
}

/** Busy ones first, then the largest. */
async function othersOf(blob: string, abandonedMs: number): Promise<Other[]> {
  const folder = dirname(blob);
  const others: Other[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${basename(blob)}.`) || !name.endsWith(INCOMPLETE)) continue;
    if (name === `${basename(blob)}${INCOMPLETE}`) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    // A clock that is ahead on another machine must not keep a file busy forever.
    if (found?.isFile())
      others.push({ path, bytes: found.size, busy: Math.abs(Date.now() - found.mtimeMs) < abandonedMs });
  }
  return others.sort((a, b) => Number(b.busy) - Number(a.busy) || b.bytes - a.bytes);
}

async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    // Another process was faster, or (on Windows) has it open.
    if (['ENOENT', 'EPERM', 'EACCES', 'EBUSY'].includes(errorCode(error) ?? '')) return false;
    throw error;
  }
}

function hold(path: string, handle: FileHandle, blob: string, abandonedMs: number): PartialFile {
  let touched = Date.now();
  const touch = async () => {
    const now = new Date();
    await utimes(path, now, now);
    touched = now.getTime();
  };
  const timer = setInterval(() => void touch().catch(() => undefined), abandonedMs / 4).unref();
  let open = true;
  const close = async () => {
    clearInterval(timer);
    if (open) await handle.close();
    open = false;
  };
  return {
    path,
    handle,
    async check() {
      if (Date.now() - touched < abandonedMs / 2) return;
      await touch().catch(error => {
        throw errorCode(error) === 'ENOENT' ? new Lost(path) : error;
      });
    },
    async letGo() {
      await close();
      await utimes(path, LET_GO, LET_GO).catch(() => undefined);
    },
    async publish() {
      await handle.sync();
      await close();
      await rename(path, blob).catch(error => {
        throw errorCode(error) === 'ENOENT' ? new Lost(path) : error;
      });
      for (const other of await othersOf(blob, abandonedMs)) {
        if (!other.busy) await rm(other.path, { force: true });
      }
    },
    async remove() {
      await close();
      await rm(path, { force: true });
    },
  };
}
