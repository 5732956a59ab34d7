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

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  );
}
