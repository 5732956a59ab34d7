import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import cachedir from 'cachedir';
import { fileError } from './file-bytes.ts';
import { atHome } from './home-directory.ts';
import { makeFolders } from './make-folders.ts';

/** The remedy for a cache directory that cannot be written. */
export const CACHE_ELSEWHERE = 'set the environment variable DUALFORM_CACHE to a folder that can be written';

/**
 * The user's cache directory for dualform; the environment variable DUALFORM_CACHE overrides the
 * system's place.
 *
 * @throws UserError where neither is known: there is no home directory
 */
export function cacheDirectory(): string {
  const chosen = process.env.DUALFORM_CACHE;
  return chosen ? resolve(chosen) : atHome(() => cachedir('dualform'), CACHE_ELSEWHERE);
}

/**
 * Makes a folder in the cache directory.
 *
 * @throws UserError naming it and DUALFORM_CACHE when it cannot be written
 */
export async function makeCacheFolder(folder: string): Promise<void> {
  try {
    await makeFolders(folder);
    await access(folder, constants.W_OK);
  } catch (error) {
    throw fileError(folder, error, `; or ${CACHE_ELSEWHERE}`);
  }
}
