import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../error.ts';
import { errorCode, fileError } from '../files/file-bytes.ts';
import type { Hooks } from '../hooks.ts';
import type { Resource } from './resource.ts';

/** Writes resources below a folder that is missing or empty. @throws UserError when it is neither */
export async function exportPage(
  out: string,
  resources: readonly Resource[],
  { signal, onProgress }: Hooks,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const folder = resolve(out);
  const names = await readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw fileError(folder, error);
  });
  if (names.length > 0)
    throw new UserError('the folder is not empty', { option: 'export', value: out, remedy: 'name another' });
  let bytes = 0;
  for (const [done, { path, file, make }] of resources.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ stage: 'writing the page', part: path, done, total: resources.length, unit: 'files' });
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    if (file !== undefined) await copyFile(file, target);
    else await writeFile(target, await make!());
    bytes += (await stat(target)).size;
  }
  return { files: resources.length, bytes };
}
