import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../error.ts';
import type { OpenProgress } from '../open-options.ts';
import { downloadBlob, isIntact } from './download-blob.ts';
import { type Http, PATIENT, type Pace } from './http.ts';
import { makeFoldersOf, makeRepositoryFolder, showInSnapshot, snapshotFolder } from './hub-cache.ts';
import type { HubId } from './hub-id.ts';
import { hubCacheDirectory, hubEndpoint, hubIsOffline, hubToken } from './hub-settings.ts';
import type { Listing } from './listing.ts';

export interface PullOptions {
  /** Branch, tag or commit; also after "@" in the id. */
  readonly revision?: string | undefined;
  readonly onProgress?: ((progress: OpenProgress) => void) | undefined;
  /** Stops the download; what arrived is kept for the next time. */
  readonly signal?: AbortSignal | undefined;
  /** Does not use the network, like `HF_HUB_OFFLINE=1`. */
  readonly offline?: boolean | undefined;
  /** Waits and retries. */
  readonly pace?: Partial<Pace> | undefined;
}

export interface PulledFile {
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 of large files, git's SHA-1 of small ones. */
  readonly etag: string;
  /** False if it was in the cache. */
  readonly downloaded: boolean;
}

/** Endpoint and token, from the environment. */
export function hubHttp({ pace, signal }: PullOptions): Http {
  return { endpoint: hubEndpoint(), token: hubToken(), pace: { ...PATIENT, ...pace }, signal };
}

/** What forbids the network, as the start of a sentence; undefined if it is allowed. */
export function whoRefuses({ offline }: { readonly offline?: boolean | undefined }): string | undefined {
  if (offline) return '`offline` refuses';
  return hubIsOffline() ? 'HF_HUB_OFFLINE refuses' : undefined;
}

/** Files of a commit that are fetched. */
export interface Job extends Listing {
  readonly id: HubId;
  readonly http: Http;
  /** Folder. */
  readonly blobs: string;
  /** Folder. */
  readonly snapshot: string;
  readonly report: PullOptions['onProgress'];
}

/** Makes sure that a file is complete in the cache and linked in the snapshot. */
export async function fetchFile(job: Job, name: string, onBytes: (done: number) => void): Promise<PulledFile> {
  const { blobs, snapshot, http, report } = job;
  http.signal?.throwIfAborted();
  const file = job.files.get(name)!;
  const { bytes, etag } = file;
  const [blob, shown] = [join(blobs, etag), join(snapshot, name)];
  const onCheck = (done: number, total: number) => report?.({ stage: `checking ${name}`, done, total });
  const present = await isIntact(blob, file, onCheck);
  // On systems without links, tools keep the content in the snapshot only.
  if (!present && (await isIntact(shown, file, onCheck))) return { name, bytes, etag, downloaded: false };
  if (!present) {
    await rm(blob, { force: true });
    await downloadBlob(blob, { ...job, file }, { onBytes, onCheck });
  }
  await makeFoldersOf(name, snapshot);
  await showInSnapshot(blob, shown);
  return { name, bytes, etag, downloaded: !present };
}

/** Makes the folders that files of a commit are fetched into. */
export async function openJob(
  id: HubId,
  { commit, files }: Listing,
  http: Http,
  report: PullOptions['onProgress'],
): Promise<Job> {
  const cache = hubCacheDirectory();
  const blobs = await makeRepositoryFolder(id, commit, cache);
  return { id, commit, files, http, blobs, snapshot: snapshotFolder(id, commit, cache), report };
}

/**
 * Fetches files, except those that are fetched already.
 *
 * @throws UserError when the disk has no space for them
 */
export async function fetchFiles(
  job: Job,
  names: readonly string[],
  fetched: readonly PulledFile[] = [],
): Promise<PulledFile[]> {
  await requireSpace(job, names);
  const total = bytesOf(job, names);
  const pulled: PulledFile[] = [];
  for (const name of names) {
    const before = bytesOf(job, names.slice(0, pulled.length));
    const onBytes = (done: number) => job.report?.({ stage: `downloading ${job.id.name}`, done: before + done, total });
    pulled.push(fetched.find(file => file.name === name) ?? (await fetchFile(job, name, onBytes)));
  }
  return pulled;
}

function bytesOf({ files }: Job, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + files.get(name)!.bytes, 0);
}

/** Checked before gigabytes are fetched in vain. Partial files count as far as they are. */
async function requireSpace(job: Job, names: readonly string[]): Promise<void> {
  const present = await readdir(job.blobs);
  let needed = 0;
  for (const name of names) {
    const { etag, bytes } = job.files.get(name)!;
    const parts = present.filter(each => each.startsWith(etag));
    const sizes = await Promise.all(
      parts.map(each =>
        stat(join(job.blobs, each)).then(
          found => found.size,
          () => 0,
        ),
      ),
    );
    needed += Math.max(0, bytes - Math.max(0, ...sizes));
  }
  const { bavail, bsize } = await statfs(job.blobs);
  if (bavail * bsize >= needed) return;
  throw new UserError(
    `${job.blobs}: ${needed} bytes are needed for ${job.id.name}, the disk has ${bavail * bsize} free; free some space or set HF_HUB_CACHE`,
  );
}
