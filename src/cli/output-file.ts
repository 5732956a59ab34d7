import { stat } from 'node:fs/promises';
import { UserError } from '../error.ts';

/** Refuses a place that can hold no file, before anything is computed for it. */
export async function requireFilePlace(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isDirectory()) throw new UserError(`--out ${file}: is a folder; name a file in it`, { exitCode: 2 });
}
