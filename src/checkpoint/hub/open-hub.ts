import { basename, dirname, join } from 'node:path';
import { UserError } from '../../error.ts';
import { fileDigest } from '../../files/digest.ts';
import type { Checkpoint } from '../checkpoint.ts';
import type { OpenOptions } from '../open-options.ts';
import { openFolder } from '../sources/open-folder.ts';
import { whoRefuses } from './fetch-files.ts';
import { findSnapshot, type Snapshot } from './hub-cache.ts';
import { formatHubId, type HubId } from './hub-id.ts';
import { hubCacheDirectory } from './hub-settings.ts';
import { neededFiles } from './needed-files.ts';
import { pullModel } from './pull.ts';

/**
 * Opens a model of the hub: from the cache if complete (without network, so that an id means the
 * same model until it is pulled again), else after a download.
 *
 * @throws UserError naming what is missing when the network may not be used; or as `pull`
 */
export async function openFromHub(id: HubId, options: OpenOptions): Promise<Checkpoint> {
  const snapshot = await findSnapshot(id);
  const needed = snapshot && (await neededIn(snapshot));
  let place: { readonly folder: string; readonly commit: string };
  if (snapshot !== undefined && needed?.missing.length === 0) {
    for (const name of needed.files) await requireIntact(id, snapshot.files.get(name)!, name, options);
    place = snapshot;
  } else {
    const refusing = whoRefuses(options);
    if (refusing !== undefined) throw missing(id, needed?.missing, refusing);
    place = await pullModel(id, options);
  }
  const checkpoint = await openFolder(place.folder, options.onProgress);
  return { ...checkpoint, name: id.name, source: `${id.name}@${place.commit}` };
}

function neededIn({ folder, files }: Snapshot) {
  return neededFiles(new Set(files.keys()), index => join(folder, index));
}

/** Blobs of large files are named by their SHA-256, which is computed anyway (and stored). */
async function requireIntact(id: HubId, path: string, name: string, { onProgress }: OpenOptions): Promise<void> {
  const etag = basename(path);
  if (basename(dirname(path)) !== 'blobs' || !/^[0-9a-f]{64}$/.test(etag)) return;
  const digest = await fileDigest(path, (done, total) => onProgress?.({ stage: `checking ${name}`, done, total }));
  if (digest === etag) return;
  throw new UserError(`${path}: damaged, its SHA-256 is ${digest}; run: dualform pull ${formatHubId(id)}`);
}

function missing(id: HubId, files: readonly string[] | undefined, refusing: string): UserError {
  const cache = hubCacheDirectory();
  const what =
    files === undefined
      ? `there is no such folder, nor is it in ${cache}`
      : `${files.slice(0, 3).join(', ')}${files.length > 3 ? ` and ${files.length - 3} more files` : ''} missing in ${cache}`;
  return new UserError(`\`model\` ${formatHubId(id)}: ${what}, and ${refusing} the network`, {
    remedy: `run with network: dualform pull ${formatHubId(id)}`,
  });
}
