import { join } from 'node:path';
import { UserError } from '../../error.ts';
import { isAdapter } from '../weight-file.ts';
import {
  fetchFile,
  fetchFiles,
  hubHttp,
  type Job,
  openJob,
  type PulledFile,
  type PullOptions,
  whoRefuses,
} from './fetch-files.ts';
import { writeReference } from './hub-cache.ts';
import { formatHubId, type HubId, parseHubId } from './hub-id.ts';
import { listRepository } from './listing.ts';
import { neededFiles } from './needed-files.ts';

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
 * Downloads the files that a model needs from the Hugging Face hub into the cache shared with the
 * Python tools; `openCheckpoint` then finds this revision. Existing files are verified and kept,
 * interrupted downloads are continued. Every file is verified by size and hash before it gets its
 * name.
 *
 * Reads the environment: `HF_HUB_CACHE`, `HF_HOME`, `HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_OFFLINE`.
 *
 * @param id `org/name` or `org/name@revision`
 * @throws UserError when the id is not valid, the hub refuses or cannot be reached, or the disk is
 * full; the reason of `signal`
 */
export async function pull(id: string, options: PullOptions = {}): Promise<Pulled> {
  return pullModel(parseHubId(options.revision === undefined ? id : `${id}@${options.revision}`), options);
}

/** `pull` for a parsed id. */
export async function pullModel(id: HubId, options: PullOptions): Promise<Pulled> {
  const refusing = whoRefuses(options);
  if (refusing !== undefined) throw new UserError(`${formatHubId(id)}: cannot be downloaded: ${refusing} the network`);
  const http = hubHttp(options);
  const listing = await listRepository(id, http);
  const job = await openJob(id, listing, http, options.onProgress);

  const indexes: PulledFile[] = [];
  const needed = await neededFiles(new Set(listing.files.keys()), async index => {
    indexes.push(await fetchFile(job, index, () => undefined));
    return join(job.snapshot, index);
  });
  requireWhole(job, needed.missing);
  const files = await fetchFiles(job, needed.files, indexes);
  // Last: until every file is complete, the revision keeps its commit.
  await writeReference(id, listing.commit);
  return { name: id.name, revision: id.revision, commit: listing.commit, folder: job.snapshot, files };
}

function requireWhole({ id, http, files }: Job, missing: readonly string[]): void {
  if (missing.length === 0) return;
  const names = [...files.keys()];
  const hint = names.some(name => name.endsWith('.gguf'))
    ? 'download its .gguf file and give that as `model`'
    : names.some(isAdapter)
      ? 'it is an adapter: merge it into its base model (peft: merge_and_unload, then save_pretrained) and give that folder'
      : 'choose a model that has it';
  throw new UserError(`${formatHubId(id)}: there is no ${missing[0]} on ${new URL(http.endpoint).host}; ${hint}`);
}
