import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from './file-bytes.ts';

/**
 * Makes a folder and its missing parents. Node's `recursive` does not return below a folder that
 * exists but refuses new ones, as /proc and automounted folders do.
 *
 * @throws the system's error
 */
export async function makeFolders(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (await isFolder(folder)) return;
    const parent = dirname(folder);
    const missing = errorCode(error) === 'ENOENT' && parent !== folder && !(await isFolder(parent));
    if (!missing) throw error;
    await makeFolders(parent);
    await makeFolders(folder);
  }
}

/**
 * Does work in a folder, and again once the folder is made where it was missing: most work finds it,
 * and looking takes a call.
 */
export async function inFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    await makeFolders(folder);
    return work();
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  );
}
