/**
 * @file The cache that all tools of the hub share:
 *
 *     models--org--name/blobs/<etag>                    contents; etag = SHA-256, or git's SHA-1 for small files; datasets--... of data sets
 *     models--org--name/snapshots/<commit>/<file>       relative symbolic links into blobs
 *     models--org--name/refs/<revision>                 the commit that a branch or tag was at when it was last fetched
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, readlink, realpath, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { UserError } from '../../error.ts';
import { writeAtomically } from '../../files/atomic-file.ts';
import { errorCode, fileError } from '../../files/file-bytes.ts';
import { makeFolders } from '../../files/make-folders.ts';
import { type HubId, isCommit } from './hub-id.ts';
import { hubCacheDirectory } from './hub-settings.ts';

/** The folder of a model or data set in the shared cache. */
export function repositoryFolder({ kind, name }: HubId, cache: string = hubCacheDirectory()): string {
  return join(cache, `${kind === 'dataset' ? 'datasets' : 'models'}--${name.replace('/', '--')}`);
}

/** The folder with the files of a commit. */
export function snapshotFolder(id: HubId, commit: string, cache: string = hubCacheDirectory()): string {
  return join(repositoryFolder(id, cache), 'snapshots', commit);
}

/** A commit of a model in the cache. */
export interface Snapshot {
  readonly commit: string;
  readonly folder: string;
  /** The available files, with links resolved: name to path. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * The part of a revision's snapshot that is in the cache; undefined if there is none.
 *
 * @throws UserError when a link in it leads out of the cache
 */
export async function findSnapshot(id: HubId, cache: string = hubCacheDirectory()): Promise<Snapshot | undefined> {
  const commit = await findCommit(id, cache);
  if (commit === undefined) return undefined;
  const folder = snapshotFolder(id, commit, cache);
  try {
    const names = await readdir(folder);
    const root = await realpath(cache);
    const files = new Map<string, string>();
    for (const name of names) {
      const path = await realpath(join(folder, name)).catch(error => {
        // A link without its blob.
        if (errorCode(error) === 'ENOENT') return undefined;
        throw error;
      });
      if (path === undefined) continue;
      requireInside(root, path, join(folder, name));
      if ((await stat(path)).isFile()) files.set(name, path);
    }
    return { commit, folder, files };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw fileError(folder, error);
  }
}

/** The commit that a revision was at when it was last fetched. */
export async function findCommit(id: HubId, cache: string = hubCacheDirectory()): Promise<string | undefined> {
  return isCommit(id.revision) ? id.revision : readReference(id, cache);
}

// A commit hash is 40 bytes.
const MAX_REFERENCE_BYTES = 100;

async function readReference(id: HubId, cache: string): Promise<string | undefined> {
  const file = referenceFile(id, cache);
  try {
    if ((await stat(file)).size > MAX_REFERENCE_BYTES) return undefined;
    const commit = (await readFile(file, 'utf8')).trim();
    return isCommit(commit) ? commit : undefined;
  } catch (error) {
    if (isAbsent(error) || errorCode(error) === 'EISDIR') return undefined;
    throw fileError(file, error);
  }
}

/** Stores the commit of a branch or tag. */
export async function writeReference(id: HubId, commit: string, cache: string = hubCacheDirectory()): Promise<void> {
  if (isCommit(id.revision)) return;
  await writeAtomically(referenceFile(id, cache), commit.length, handle => handle.writeFile(commit));
}

function referenceFile(id: HubId, cache: string): string {
  return join(repositoryFolder(id, cache), 'refs', ...id.revision.split('/'));
}

/**
 * Makes the folders of a model or data set; returns that of the blobs.
 *
 * @throws UserError when one of them is a link that leads out of the cache, or the disk refuses
 */
export async function makeRepositoryFolder(
  id: HubId,
  commit: string,
  cache: string = hubCacheDirectory(),
): Promise<string> {
  const folder = repositoryFolder(id, cache);
  const blobs = join(folder, 'blobs');
  try {
    await makeFolders(cache);
    const snapshots = join(folder, 'snapshots');
    for (const made of [folder, blobs, join(folder, 'refs'), snapshots, join(snapshots, commit)]) {
      await mkdir(made).catch(error => {
        if (errorCode(error) !== 'EEXIST') throw error;
      });
      requireInside(await realpath(cache), await realpath(made), made);
    }
  } catch (error) {
    throw fileError(folder, error, '; or set the environment variable HF_HOME to a folder that can be written');
  }
  return blobs;
}

/**
 * Makes the folders between a snapshot and a file in it.
 *
 * @throws UserError when one of them is a link that leads out of the cache, or the disk refuses
 */
export async function makeFoldersOf(
  name: string,
  snapshot: string,
  cache: string = hubCacheDirectory(),
): Promise<void> {
  let folder = snapshot;
  for (const step of name.split('/').slice(0, -1)) {
    folder = join(folder, step);
    try {
      await mkdir(folder).catch(error => {
        if (errorCode(error) !== 'EEXIST') throw error;
      });
      requireInside(await realpath(cache), await realpath(folder), folder);
    } catch (error) {
      throw fileError(folder, error);
    }
  }
}

function requireInside(root: string, path: string, named: string): void {
  const way = relative(root, path);
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) {
    throw new UserError(`${named}: leads out of the cache, to ${path}; remove it and pull again`);
  }
}

/**
 * Adds a blob to a snapshot under its file name: as a relative link, or as a copy on systems
 * without links.
 *
 * @param link replaces the system's function in tests
 */
export async function showInSnapshot(
  blob: string,
  file: string,
  link: (target: string, path: string) => Promise<void> = symlink,
): Promise<void> {
  const target = relative(dirname(file), blob);
  if ((await readlink(file).catch(() => undefined)) === target) return;
  const made = join(dirname(blob), `.${basename(blob)}.${randomBytes(6).toString('hex')}.link`);
  try {
    try {
      await link(target, made);
    } catch (error) {
      if (!NO_LINKS.includes(errorCode(error) ?? '')) throw error;
      await copyFile(blob, made, constants.COPYFILE_FICLONE);
    }
    await rename(made, file);
  } catch (error) {
    throw fileError(file, error);
  } finally {
    await rm(made, { force: true }).catch(() => undefined);
  }
}

// Windows without the right to make links, and file systems without links.
const NO_LINKS = ['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'UNKNOWN'];

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '');
}
