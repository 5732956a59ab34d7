/**
 * @file Writes files whole or not at all. The packages `write-file-atomic` and `atomically` take
 * the content at once, but gigabytes of weights are written piece by piece; the former needs Node
 * 22.22, and neither removes what a killed process left. Small files use the same function.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode, fileError } from './file-bytes.ts';
import { inFolder } from './make-folders.ts';

// A process that still writes its file changes it more often; the writer of an older one was
// killed.
const ABANDONED_AFTER_MS = 10 * 60_000;
const PART = '.part';

/**
 * Writes a file that is either whole or absent: under a temporary name next to it, unique to this
 * process, synced to disk, then renamed to `file`. Makes the folder. No failure leaves a temporary
 * file; those of killed processes are removed by the next write.
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
    await removeAbandoned(folder, `.${basename(file)}.`);
    handle = await inFolder(folder, () => open(part, 'wx'));
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

const PIECE = 1 << 20;

/** Writes arrays of bytes one after the other from the start of a file, small ones together. */
export async function writeArrays(handle: FileHandle, arrays: AsyncIterable<Uint8Array>): Promise<void> {
  let waiting: Uint8Array[] = [];
  let [end, bytes] = [0, 0];
  const write = async () => {
    await writeFully(handle, waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting), end);
    end += bytes;
    [waiting, bytes] = [[], 0];
  };
  for await (const array of arrays) {
    if (bytes > 0 && bytes + array.length > PIECE) await write();
    waiting.push(array);
    bytes += array.length;
  }
  await write();
}

/** Writes texts one after the other, many of them at once. */
export async function writeInPieces(
  handle: FileHandle,
  texts: Iterable<string> | AsyncIterable<string>,
): Promise<void> {
  let piece = '';
  for await (const text of texts) {
    piece += text;
    if (piece.length < PIECE) continue;
    await handle.writeFile(piece);
    piece = '';
  }
  await handle.writeFile(piece);
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(errorCode(error) ?? '');
}

/**
 * Removes temporary files of killed processes from a folder: those whose name starts with `prefix`.
 */
export async function removeAbandoned(folder: string, prefix = '.'): Promise<void> {
  const names = await readdir(folder).catch(error => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  for (const name of names) {
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

/**
 * Removes the temporary files in and below a folder that only this process writes to, so that the
 * others are left by killed processes.
 */
export async function removeAllParts(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(error => {
    // Other processes that try to lock the folder add and remove their locks.
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await removeAllParts(path);
    else if (isPart(entry.name)) await rm(path, { force: true });
  }
}

/** A rename is on disk once the folder is synced. Windows cannot open folders and does not need it. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
