import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode, fileError } from './file-bytes.ts';
import { makeFolders } from './make-folders.ts';

// A writer touches its file all the time; one that was silent for so long was killed.
const ABANDONED_AFTER_MS = 10 * 60_000;
const PART = '.part';

/**
 * Writes a file so that it is either whole or not there: into a temporary name beside it, unique to this process,
 * forced to disk, then renamed over `file`. Makes the folder. Whatever fails, no temporary file stays behind; those of
 * killed processes are removed on the next write.
 *
 * @param bytesNeeded size of the file, for the message when the disk is full.
 * @throws UserError naming the path when the disk refuses.
 */
export async function writeAtomically<T>(
  file: string,
  bytesNeeded: number,
  write: (handle: FileHandle) => Promise<T>,
): Promise<T> {
  const folder = dirname(file);
  const part = join(folder, `.${basename(file)}.${process.pid}.${randomBytes(6).toString('hex')}${PART}`);
  let handle: FileHandle | undefined;
  try {
    await makeFolders(folder);
    await removeAbandoned(folder, `.${basename(file)}.`);
    handle = await open(part, 'wx');
    const result = await write(handle);
    await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(part, file);
    await syncFolder(folder);
    return result;
  } catch (error) {
    await handle?.close().catch(() => undefined);
    await rm(part, { force: true }).catch(() => undefined);
    throw fileError(file, error, isFull(error) ? ` (${bytesNeeded} bytes are needed)` : '');
  }
}

/** Writes all bytes at `position`; a plain `write` may stop half way. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(bytes.length - done, 1 << 30), position + done);
    done += bytesWritten;
  }
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(errorCode(error) ?? '');
}

/** Removes temporary files of killed processes from a folder: those whose name starts with `prefix`. */
export async function removeAbandoned(folder: string, prefix = '.'): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!isPart(name, prefix)) continue;
    const path = join(folder, name);
    const age = await stat(path).then(
      found => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > ABANDONED_AFTER_MS) await rm(path, { force: true });
  }
}

function isPart(name: string, prefix = '.'): boolean {
  return name.startsWith(prefix) && name.endsWith(PART);
}

/** Removes the temporary files in and below a folder to which this process alone writes, so that all others' are of killed ones. */
export async function removeAllParts(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(error => {
    // Locks of others who ask for the folder come and go.
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await removeAllParts(path);
    else if (isPart(entry.name)) await rm(path, { force: true });
  }
}

// The rename itself reaches the disk with the folder. Windows cannot open folders and needs no such thing.
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
