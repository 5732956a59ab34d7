import { createHash, type Hash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../error.ts';
import { writeAtomically } from './atomic-file.ts';
import { cacheDirectory } from './cache-directory.ts';
import { fileError, withFile } from './file-bytes.ts';

const CHUNK = 4 << 20;
// A file that changed more recently may change again within the resolution of its time stamp.
const SETTLED_AFTER_NS = 2_000_000_000n;

export type ByteProgress = (doneBytes: number, totalBytes: number) => void;

/** SHA-256 (hex) of an open file of `to` bytes. */
export function sha256(handle: FileHandle, to: number, onProgress?: ByteProgress): Promise<string> {
  return hashFile(handle, createHash('sha256'), to, onProgress);
}

/** Feeds an open file of `to` bytes to a hash; returns the digest (hex). */
export async function hashFile(handle: FileHandle, hash: Hash, to: number, onProgress?: ByteProgress): Promise<string> {
  let buffers = [Buffer.allocUnsafe(CHUNK), Buffer.allocUnsafe(CHUNK)] as const;
  let at = 0;
  let reading = handle.read(buffers[0], 0, CHUNK, at);
  for (;;) {
    const { bytesRead } = await reading;
    if (bytesRead === 0) break;
    at += bytesRead;
    const full = buffers[0];
    buffers = [buffers[1], full];
    reading = handle.read(buffers[0], 0, CHUNK, at);
    hash.update(full.subarray(0, bytesRead));
    onProgress?.(at, to);
  }
  return hash.digest('hex');
}

/**
 * SHA-256 (hex) of a file. Stored in the cache directory by path, size, inode and time stamps, so
 * that gigabytes are read once. A damaged record is ignored.
 *
 * @throws UserError when the file cannot be read or changes meanwhile.
 */
export async function fileDigest(file: string, onProgress?: ByteProgress): Promise<string> {
  return (await rememberedDigest(file)) ?? (await measureDigest(file, onProgress));
}

/** The stored digest of a file that has not changed since, else undefined. */
export async function rememberedDigest(file: string): Promise<string | undefined> {
  const path = await real(file);
  const identity = await withFile(path, async handle => identityOf(await handle.stat({ bigint: true })));
  try {
    const memory: unknown = JSON.parse(await readFile(prefixFile(path), 'utf8'));
    const { identity: known, path: of, sha256: digest } = memory as Record<string, unknown>;
    if (known !== identity || of !== path || typeof digest !== 'string') return undefined;
    return /^[0-9a-f]{64}$/.test(digest) ? digest : undefined;
  } catch {
    return undefined;
  }
}

async function measureDigest(file: string, onProgress?: ByteProgress): Promise<string> {
  const path = await real(file);
  const { digest, identity, settled } = await withFile(path, async (handle, size) => {
    const before = await handle.stat({ bigint: true });
    const measured = await sha256(handle, size, onProgress);
    const after = await handle.stat({ bigint: true });
    if (identityOf(before) !== identityOf(after)) {
      throw new UserError(`${file}: changed while it was read; try again when nothing writes to it`);
    }
    return { digest: measured, identity: identityOf(after), settled: isSettled(after) };
  });
  if (settled) {
    const memory = JSON.stringify({ path, identity, sha256: digest });
    // If it cannot be stored, the digest is computed again next time.
    await writeAtomically(prefixFile(path), memory.length, handle => handle.writeFile(memory)).catch(() => undefined);
  }
  return digest;
}

/**
 * Size, inode and time stamps of a file: equal while its content is. Undefined when it has just
 * been written and may change within the resolution of its time stamp.
 *
 * @throws UserError when the file cannot be read
 */
export async function settledIdentity(file: string): Promise<string | undefined> {
  const found = await withFile(file, handle => handle.stat({ bigint: true }));
  return isSettled(found) ? identityOf(found) : undefined;
}

function isSettled({ mtimeNs }: BigIntStats): boolean {
  return BigInt(Date.now()) * 1_000_000n - mtimeNs > SETTLED_AFTER_NS;
}

function identityOf(stat: BigIntStats): string {
  return [stat.size, stat.mtimeNs, stat.ctimeNs, stat.ino, stat.dev].join(' ');
}

function prefixFile(path: string): string {
  return join(cacheDirectory(), 'digests', `${createHash('sha256').update(path).digest('hex').slice(0, 32)}.json`);
}

async function real(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    throw fileError(file, error);
  }
}
