import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { UserError } from '../../error.ts';
import { writeAtomically } from '../../files/atomic-file.ts';
import { cacheDirectory } from '../../files/cache-directory.ts';
import type { OpenOptions } from '../open-options.ts';
import { chooseParts, type DatasetParts, datasetTables, isTable, splitsOf } from './dataset-files.ts';
import { isIntact } from './download-blob.ts';
import { fetchFiles, hubHttp, openJob, type PullOptions, whoRefuses } from './fetch-files.ts';
import { findCommit, repositoryFolder, snapshotFolder, writeReference } from './hub-cache.ts';
import { type DatasetId, DEFAULT_REVISION, formatHubId, type HubId } from './hub-id.ts';
import { hubCacheDirectory } from './hub-settings.ts';
import { type Listing, listRepository } from './listing.ts';
import type { Pulled } from './pull.ts';

/** The branch in which the hub stores its conversions of other formats. */
const CONVERTED = 'refs/convert/parquet';

/** A commit of a data set, and its Parquet files. */
interface Located {
  readonly id: HubId;
  readonly listing: Listing;
}

/**
 * Files with the rows of a data set of the hub: from the cache if complete (without network, so
 * that an id means the same rows until it is pulled again), else after a download. Cached files are
 * checked against the hashes of the hub's listing, which is kept in dualform's cache.
 *
 * @param wanted splits; by default train and validation (else test)
 * @throws UserError naming what is missing when the network may not be used; or as `pull`
 */
export async function openDataset(
  dataset: DatasetId,
  wanted: { readonly train: readonly string[] | undefined; readonly evaluation: readonly string[] | undefined },
  options: OpenOptions,
): Promise<DatasetParts> {
  const what = formatHubId(dataset.id);
  const known = await findKnown(dataset.id);
  const refusing = whoRefuses(options);
  if (known === undefined && refusing !== undefined) throw missing(dataset, 'it is not', refusing);
  const located = known ?? (await locate(dataset.id, options));
  const parts = choose(located, dataset, wanted, what);
  const names = [...new Set([...parts.train, ...(parts.evaluation ?? [])])];
  const absent: string[] = [];
  for (const name of names) if (!(await isThere(located, name))) absent.push(name);
  if (absent.length > 0) {
    const list = `${absent.slice(0, 3).join(', ')}${absent.length > 3 ? ` and ${absent.length - 3} more files are` : absent.length > 1 ? ' are' : ' is'} not`;
    if (refusing !== undefined) throw missing(dataset, list, refusing);
    await fetchTables(located, names, options);
  }
  const folder = snapshotFolder(located.id, located.listing.commit);
  const paths = (files: readonly string[]) => files.map(name => join(folder, ...name.split('/')));
  return { train: paths(parts.train), evaluation: parts.evaluation && paths(parts.evaluation) };
}

/** Downloads every split of a configuration of a data set, which `openDataset` then finds. */
export async function pullDataset(dataset: DatasetId, options: PullOptions): Promise<Pulled> {
  const what = formatHubId(dataset.id);
  const refusing = whoRefuses(options);
  if (refusing !== undefined) throw new UserError(`${what}: cannot be downloaded: ${refusing} the network`);
  const located = await locate(dataset.id, options);
  const splits = splitsOf(datasetTables(located.listing.files.keys(), what), dataset.config, what);
  const files = await fetchTables(located, [...splits.values()].flat(), options);
  const { id, listing } = located;
  return {
    name: dataset.id.name,
    revision: id.revision,
    commit: listing.commit,
    folder: snapshotFolder(id, listing.commit),
    files,
  };
}

function choose(
  { listing }: Located,
  { config }: DatasetId,
  wanted: Parameters<typeof chooseParts>[1],
  what: string,
): DatasetParts {
  return chooseParts(splitsOf(datasetTables(listing.files.keys(), what), config, what), wanted, what);
}

function missing(dataset: DatasetId, what: string, refusing: string): UserError {
  const typed = formatHubId(dataset.id) + (dataset.config === undefined ? '' : `:${dataset.config}`);
  return new UserError(
    `${typed}: ${what} in ${hubCacheDirectory()}, and ${refusing} the network; run with network: dualform pull ${typed}`,
  );
}

/** The revision itself, then the branch with the hub's conversion. */
function placesOf(id: HubId): HubId[] {
  return id.revision === DEFAULT_REVISION ? [id, { ...id, revision: CONVERTED }] : [id];
}

async function findKnown(id: HubId): Promise<Located | undefined> {
  for (const place of placesOf(id)) {
    const commit = await findCommit(place);
    const listing = commit === undefined ? undefined : await readListing(place, commit);
    if (listing !== undefined) return { id: place, listing };
  }
  return undefined;
}

async function locate(id: HubId, options: PullOptions): Promise<Located> {
  const http = hubHttp(options);
  const without: string[] = [];
  for (const place of placesOf(id)) {
    const listing = await listRepository(place, http).catch(error => {
      // A data set that the hub cannot convert does not have this branch.
      if (place.revision === CONVERTED && error instanceof UserError && /no revision/.test(error.message))
        return undefined;
      throw error;
    });
    const tables = new Map([...(listing?.files ?? [])].filter(([name]) => isTable(name)));
    if (listing !== undefined && tables.size > 0)
      return { id: place, listing: { commit: listing.commit, files: tables } };
    without.push(place.revision);
  }
  throw new UserError(
    `${formatHubId(id)}: there are no .parquet files at ${without.join(' or ')}; download its files and give them as data of the task file`,
  );
}

async function isThere({ id, listing }: Located, name: string): Promise<boolean> {
  const file = listing.files.get(name)!;
  return isIntact(join(snapshotFolder(id, listing.commit), ...name.split('/')), file);
}

async function fetchTables({ id, listing }: Located, names: readonly string[], options: PullOptions) {
  const job = await openJob(id, listing, hubHttp(options), options.onProgress);
  const files = await fetchFiles(job, names);
  await writeListing(id, listing);
  // Last: until every file is complete, the revision keeps its commit.
  await writeReference(id, listing.commit);
  return files;
}

const stored = z.array(z.object({ path: z.string(), bytes: z.int().nonnegative(), etag: z.string() })).min(1);

function listingFile(id: HubId, commit: string): string {
  return join(repositoryFolder(id, join(cacheDirectory(), 'hub')), `${commit}.json`);
}

/**
 * The Parquet files of a commit, which never change. Undefined if they are unknown or the record is
 * damaged.
 */
async function readListing(id: HubId, commit: string): Promise<Listing | undefined> {
  try {
    const files = stored.parse(JSON.parse(await readFile(listingFile(id, commit), 'utf8')));
    return { commit, files: new Map(files.map(file => [file.path, file])) };
  } catch {
    return undefined;
  }
}

async function writeListing(id: HubId, { commit, files }: Listing): Promise<void> {
  const text = Buffer.from(`${JSON.stringify([...files.values()])}\n`);
  const file = listingFile(id, commit);
  await writeAtomically(file, text.length, handle => handle.writeFile(text));
}
