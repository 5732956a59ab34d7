import { constants, readSync } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { UserError } from '../error.ts';

// O_NONBLOCK: opening a pipe without a writer would block; Windows has no such flag.
const READ_ONLY = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
// One read(2) moves at most 2 GiB.
const READ_AT_ONCE = 1 << 30;

const LFS_POINTER_START = 'version https://git-lfs.github.com/spec/';
// By the specification, longer files are not pointers.
const LFS_POINTER_BYTES = 1024;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder; check the path',
  EACCES: 'permission denied; check who may access it',
  EPERM: 'the operation is not permitted; check who may access it',
  EISDIR: 'this is a folder, a file is needed',
  ENOTDIR: 'a part of the path is a file, not a folder',
  ENOSPC: 'the disk is full; free some space',
  EDQUOT: 'the disk quota is used up; free some space',
  EFBIG: 'the file is too large for this file system, or for the limit of this process (ulimit -f)',
  EROFS: 'the file system is read-only; choose another place',
  EIO: 'the disk reports an input/output error',
  EMFILE: 'too many open files; raise the limit (ulimit -n)',
  ENFILE: 'too many open files on this machine',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'the symbolic links go round in a circle',
};

/** The system's error code (`ENOENT`, ...) or undefined when the error is no system error. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/**
 * A system error as a line for the user that names the path; any other error is a bug and is
 * returned unchanged.
 */
export function fileError(path: string, error: unknown, note = ''): unknown {
  const code = errorCode(error);
  if (code === undefined || error instanceof UserError) return error;
  if (code === 'ERR_INVALID_ARG_VALUE') {
    return new UserError(`${JSON.stringify(path)}: not a valid path; check the name`, { cause: error });
  }
  const reason = REASONS[code];
  if (reason === undefined && (error as NodeJS.ErrnoException).errno === undefined) return error;
  return new UserError(`${path}: ${reason ?? `the system reports ${code}`}${note}`, { cause: error });
}

/**
 * The absolute path with symbolic links resolved. System errors become a `UserError` that names the
 * file.
 */
export async function realPath(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    throw fileError(file, error);
  }
}

/**
 * Runs `use` with the file open for reading. System errors become a `UserError` that names the
 * file.
 */
export async function withFile<T>(file: string, use: (handle: FileHandle, size: number) => Promise<T>): Promise<T> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, READ_ONLY);
    const stat = await handle.stat();
    if (!stat.isFile()) throw new UserError(`${file}: not a regular file; a file is needed`);
    if (stat.size < LFS_POINTER_BYTES) await refusePointer(handle, file);
    return await use(handle, stat.size);
  } catch (error) {
    throw fileError(file, error);
  } finally {
    await handle?.close();
  }
}

/** Git LFS leaves a small text file in place of a file that it has not fetched. */
async function refusePointer(handle: FileHandle, file: string): Promise<void> {
  const start = Buffer.alloc(LFS_POINTER_START.length);
  await handle.read(start, 0, start.length, 0);
  if (start.toString('latin1') !== LFS_POINTER_START) return;
  throw new UserError(`${file}: a Git LFS pointer, not the file that it points to; run: git lfs pull`);
}

/**
 * The bytes of a file that should be small.
 *
 * @throws UserError when it has more than `most`, or cannot be read
 */
export async function readSmallFile(file: string, most: number): Promise<Buffer> {
  return withFile(file, async (handle, size) => {
    if (size > most) throw new UserError(`${file}: ${size} bytes, at most ${most} are allowed`);
    return handle.readFile();
  });
}

/**
 * Fills `target` with the bytes of the file from `offset` on.
 *
 * @throws UserError when the file ends before
 */
export async function readExactly(handle: FileHandle, file: string, target: Uint8Array, offset: number): Promise<void> {
  let done = 0;
  while (done < target.length) {
    const wanted = Math.min(READ_AT_ONCE, target.length - done);
    const { bytesRead } = await handle.read(target, done, wanted, offset + done);
    if (bytesRead === 0) throw endsEarly(file, offset + target.length);
    done += bytesRead;
  }
}

/** `readExactly` for a file descriptor, synchronously. */
export function readExactlySync(descriptor: number, file: string, target: Uint8Array, offset: number): void {
  let done = 0;
  while (done < target.length) {
    const wanted = Math.min(READ_AT_ONCE, target.length - done);
    const bytesRead = readSync(descriptor, target, done, wanted, offset + done);
    if (bytesRead === 0) throw endsEarly(file, offset + target.length);
    done += bytesRead;
  }
}

function endsEarly(file: string, end: number): UserError {
  return new UserError(`${file}: ends before byte ${end}; the file is truncated, fetch or write it again`);
}
