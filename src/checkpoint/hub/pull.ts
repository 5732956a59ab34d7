import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../error.ts';
import type { OpenProgress } from '../open.ts';
import { isAdapter } from '../weight-file.ts';
import { downloadBlob, isIntact } from './download-blob.ts';
import { type Http, PATIENT, type Pace } from './http.ts';
import { makeModelFolder, modelFolder, showInSnapshot, writeReference } from './hub-cache.ts';
import { formatHubId, type HubId, parseHubId } from './hub-id.ts';
import { hubCacheDirectory, hubEndpoint, hubIsOffline, hubToken } from './hub-settings.ts';
import { type Listing, listModel } from './listing.ts';
import { neededFiles } from './needed-files.ts';

export interface PullOptions {
  /** Branch, tag or commit; also after "@" in the id. */
  readonly revision?: string | undefined;
  readonly onProgress?: ((progress: OpenProgress) => void) | undefined;
  /** Stops the download; what arrived is kept for the next time. */
  readonly signal?: AbortSignal | undefined;
  /** Refuses the network, as `HF_HUB_OFFLINE=1` does. */
  readonly offline?: boolean | undefined;
  /** How patient to be with the network. */
  readonly pace?: Partial<Pace> | undefined;
}

export interface PulledFile {
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 of large files, git's SHA-1 of small ones. */
  readonly etag: string;
  /** False when it was in the cache. */
  readonly downloaded: boolean;
}

export interface Pulled {
  /** `org/name` */
  readonly name: string;
  readonly revision: string;
  readonly commit: string;
  /** The snapshot: can be opened as a folder. */
  readonly folder: string;
  readonly files: readonly PulledFile[];
}

/**
 * Downloads what a model needs from the Hugging Face hub into the cache that the Python tools share, and makes its revision
 * the one that `openCheckpoint` finds. Files that are there are verified and kept; interrupted ones go on where they ended.
 * Every file is verified by size and hash before it gets its name.
 *
 * Reads the environment: `HF_HUB_CACHE`, `HF_HOME`, `HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_OFFLINE`.
 *
 * @param id `org/name` or `org/name@revision`
 * @throws UserError when the id is none, the hub refuses or cannot be reached, or the disk is full; the reason of `signal`
 */
export async function pull(id: string, options: PullOptions = {}): Promise<Pulled> {
  return pullModel(parseHubId(options.revision === undefined ? id : `${id}@${options.revision}`), options);
}

/** `pull` for an id that was read already. */
export async function pullModel(id: HubId, options: PullOptions): Promise<Pulled> {
  const refusing = whoRefuses(options);
  if (refusing !== undefined) throw new UserError(`${formatHubId(id)}: cannot be downloaded: ${refusing} the network`);
  const http: Http = {
    endpoint: hubEndpoint(),
    token: hubToken(),
    pace: { ...PATIENT, ...options.pace },
    signal: options.signal,
  };
  const cache = hubCacheDirectory();
  const { commit, files } = await listModel(id, http);
  const blobs = await makeModelFolder(id, commit, cache);
  const snapshot = join(modelFolder(id, cache), 'snapshots', commit);
  const job: Job = { id, commit, files, http, blobs, snapshot, report: options.onProgress };

  const indexes: PulledFile[] = [];
  const needed = await neededFiles(new Set(files.keys()), async index => {
    indexes.push(await fetchFile(job, index, () => undefined));
    return join(snapshot, index);
  });
  requireWhole(job, needed.missing);
  await requireSpace(job, needed.files);
  const total = bytesOf(job, needed.files);
  const pulled: PulledFile[] = [];
  for (const name of needed.files) {
    const before = bytesOf(job, needed.files.slice(0, pulled.length));
    const onBytes = (done: number) => job.report?.({ stage: `downloading ${id.name}`, done: before + done, total });
    pulled.push(indexes.find(index => index.name === name) ?? (await fetchFile(job, name, onBytes)));
  }
  // Only now: until everything is there, the revision stays what it was.
  await writeReference(id, commit, cache);
  return { name: id.name, revision: id.revision, commit, folder: snapshot, files: pulled };
}

/** Who refuses the network, as the start of a sentence; undefined when nobody does. */
export function whoRefuses({ offline }: { readonly offline?: boolean | undefined }): string | undefined {
  if (offline) return '--offline refuses';
  return hubIsOffline() ? 'HF_HUB_OFFLINE refuses' : undefined;
}

interface Job extends Listing {
  readonly id: HubId;
  readonly http: Http;
  /** Folder. */
  readonly blobs: string;
  /** Folder. */
  readonly snapshot: string;
  readonly report: PullOptions['onProgress'];
}

/** Makes sure that a file is in the cache, whole, and shown in the snapshot. */
async function fetchFile(job: Job, name: string, onBytes: (done: number) => void): Promise<PulledFile> {
  const { blobs, snapshot, http, report } = job;
  http.signal?.throwIfAborted();
  const file = job.files.get(name)!;
  const { bytes, etag } = file;
  const [blob, shown] = [join(blobs, etag), join(snapshot, name)];
  const onCheck = (done: number, total: number) => report?.({ stage: `checking ${name}`, done, total });
  const present = await isIntact(blob, file, onCheck);
  // Tools on systems without links keep the content in the snapshot alone.
  if (!present && (await isIntact(shown, file, onCheck))) return { name, bytes, etag, downloaded: false };
  if (!present) {
    await rm(blob, { force: true });
    await downloadBlob(blob, { ...job, file }, { onBytes, onCheck });
  }
  await showInSnapshot(blob, shown);
  return { name, bytes, etag, downloaded: !present };
}

function requireWhole({ id, http, files }: Job, missing: readonly string[]): void {
  if (missing.length === 0) return;
  const names = [...files.keys()];
  const hint = names.some(name => name.endsWith('.gguf'))
    ? 'download its .gguf file and give that as --model'
    : names.some(isAdapter)
      ? 'it is an adapter: merge it into its base model (peft: merge_and_unload, then save_pretrained) and give that folder'
      : 'choose a model that has it';
  throw new UserError(`${formatHubId(id)}: there is no ${missing[0]} on ${new URL(http.endpoint).host}; ${hint}`);
}

function bytesOf({ files }: Job, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + files.get(name)!.bytes, 0);
}

/** Before gigabytes are fetched in vain. What is there counts, whole or not. */
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
