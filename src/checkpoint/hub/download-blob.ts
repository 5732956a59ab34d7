import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../error.ts';
import { writeFully } from '../../files/atomic-file.ts';
import { type ByteProgress, fileDigest, hashFile } from '../../files/digest.ts';
import { errorCode, fileError, withFile } from '../../files/file-bytes.ts';
import { get, type Http, persist, Setback } from './http.ts';
import { formatHubId, type HubId, hubPath } from './hub-id.ts';
import type { HubFile } from './listing.ts';
import { Lost, type PartialFile, takePartial } from './partial.ts';
import { refusal } from './refusal.ts';

export interface BlobProgress {
  /** Bytes on disk, written by this process or another. */
  readonly onBytes: (done: number) => void;
  readonly onCheck: ByteProgress;
}

/** Where a file of a model is downloaded from. */
export interface Origin {
  readonly id: HubId;
  readonly commit: string;
  readonly file: HubFile;
  readonly http: Http;
}

/**
 * Whether a file has the content that the hub lists. The digest of a large file is computed once
 * and stored.
 */
export async function isIntact(path: string, { bytes, etag }: HubFile, onCheck?: ByteProgress): Promise<boolean> {
  const found = await stat(path).catch(error => {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return undefined;
    throw fileError(path, error);
  });
  if (!found?.isFile() || found.size !== bytes) return false;
  if (etag.length === 64) return (await fileDigest(path, onCheck)) === etag;
  return (await withFile(path, handle => hashFile(handle, gitBlob(bytes), bytes))) === etag;
}

/**
 * Downloads a file into `blob`, continuing an earlier partial download. The file gets its final
 * name only when size and hash are those that the hub lists. If another process is downloading it,
 * waits for that process.
 *
 * @throws UserError when the hub refuses, does not answer after all tries, or sends other content
 * than it lists
 */
export async function downloadBlob(blob: string, origin: Origin, progress: BlobProgress): Promise<void> {
  const { signal, pace } = origin.http;
  while (downloads.has(blob)) {
    signal?.throwIfAborted();
    await sleep(pace.lookMs);
  }
  downloads.add(blob);
  try {
    await downloadAlone(blob, origin, progress);
  } finally {
    downloads.delete(blob);
  }
}

/** The blobs that this process is downloading; another download of the same blob waits. */
const downloads = new Set<string>();

async function downloadAlone(blob: string, origin: Origin, progress: BlobProgress): Promise<void> {
  const { http, file } = origin;
  try {
    for (;;) {
      http.signal?.throwIfAborted();
      const partial = await takePartial(blob, http.pace);
      if ('bytes' in partial) {
        progress.onBytes(Math.min(partial.bytes, file.bytes));
        await sleep(http.pace.lookMs);
        if (await isIntact(blob, file, progress.onCheck)) return;
        continue;
      }
      // Another process may have finished since the last check.
      if (await isIntact(blob, file, progress.onCheck)) return await partial.remove();
      if (await complete(partial, origin, progress)) return;
    }
  } catch (error) {
    throw fileError(blob, error);
  }
}

/** False when another process took the file over. */
async function complete(partial: PartialFile, origin: Origin, progress: BlobProgress): Promise<boolean> {
  const { id, file, http } = origin;
  try {
    const start = Math.min((await partial.handle.stat()).size, file.bytes);
    const pieces = await fill(partial, start, origin, progress);
    let good = await hasHash(partial, file, progress);
    // If the file came in several pieces, one of them may be damaged; then everything is fetched
    // again.
    if (!good && (start > 0 || pieces > 1)) {
      await fill(partial, 0, origin, progress);
      good = await hasHash(partial, file, progress);
    }
    if (!good) {
      await partial.remove();
      const host = new URL(http.endpoint).host;
      throw new UserError(
        `${formatHubId(id)}/${file.path}: what ${host} sends has not the hash that it lists (${file.etag}); nothing was kept, try again later`,
      );
    }
    await partial.publish();
    return true;
  } catch (error) {
    await partial.letGo();
    if (error instanceof Lost) return false;
    throw error;
  }
}

async function hasHash({ handle }: PartialFile, { bytes, etag }: HubFile, { onCheck }: BlobProgress): Promise<boolean> {
  const hash = etag.length === 64 ? createHash('sha256') : gitBlob(bytes);
  return (await hashFile(handle, hash, bytes, onCheck)) === etag;
}

/** SHA-1 of a git blob: over its type and size, then its content. */
function gitBlob(bytes: number) {
  return createHash('sha1').update(`blob ${bytes}\0`);
}

/** Fetches bytes `[from, file.bytes)`; returns in how many pieces they came. */
async function fill(partial: PartialFile, from: number, origin: Origin, { onBytes }: BlobProgress): Promise<number> {
  const { id, commit, file, http } = origin;
  const { handle } = partial;
  const what = `${formatHubId(id)}/${file.path}`;
  const address = `${http.endpoint}/${hubPath(id)}/resolve/${commit}/${file.path.split('/').map(encodeURIComponent).join('/')}`;
  let done = from;
  let furthest = from;
  let pieces = 0;
  await partial.check();
  await handle.truncate(from);
  onBytes(done);
  if (done === file.bytes) return pieces;
  await persist(what, http, progressed => {
    // Offsets refer to the content itself, so that it must not be compressed in transit.
    const headers = { 'accept-encoding': 'identity', ...(done > 0 && { range: `bytes=${done}-` }) };
    return get(address, headers, http, async (response, alive) => {
      if (response.status === 416 || (response.status === 206 && startOf(response) !== done)) {
        done = 0;
        throw new Setback('the server does not go on where the file ended');
      }
      if (!response.ok) throw refusal(response, id, file.path, http);
      if (response.status !== 206) done = 0;
      const promised = lengthOf(response);
      if (promised !== undefined && done + promised !== file.bytes) throw wrongLength(done + promised);
      pieces++;
      for await (const chunk of response.body ?? []) {
        alive();
        if (done + chunk.length > file.bytes) throw wrongLength(done + chunk.length);
        await partial.check();
        await writeFully(handle, chunk, done);
        done += chunk.length;
        // A server that starts again each time and never gets further makes no progress.
        if (done > furthest) progressed();
        furthest = Math.max(furthest, done);
        onBytes(done);
      }
      if (done < file.bytes) throw new Setback(`the connection ended at byte ${done} of ${file.bytes}`);
    });
  });
  return pieces;

  function wrongLength(bytes: number): UserError {
    const host = new URL(http.endpoint).host;
    return new UserError(
      `${what}: ${host} sends ${bytes} bytes but lists ${file.bytes}; try again later, or check HF_ENDPOINT`,
    );
  }
}

function startOf(response: Response): number | undefined {
  const match = /^bytes (\d{1,15})-/.exec(response.headers.get('content-range') ?? '');
  return match === null ? undefined : Number(match[1]);
}

function lengthOf({ headers }: Response): number | undefined {
  const length = headers.get('content-length');
  return length === null || headers.has('content-encoding') ? undefined : Number(length);
}
