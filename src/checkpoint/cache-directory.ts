import { resolve } from 'node:path';
import envPaths from 'env-paths';

/** The user's cache directory for dualform; the environment variable DUALFORM_CACHE overrides the system's place. */
export function cacheDirectory(): string {
  const chosen = process.env.DUALFORM_CACHE;
  return chosen ? resolve(chosen) : envPaths('dualform', { suffix: '' }).cache;
}
