import { stat } from 'node:fs/promises';
import type { Checkpoint } from '../../checkpoint/checkpoint.ts';
import { UserError } from '../../error.ts';

/** Refuses an output file that is a folder, before anything is computed. */
export async function requireFilePlace(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isDirectory())
    throw new UserError('is a folder', { option: 'out', value: file, remedy: 'name a file in it' });
}

/** Refuses to overwrite a file of the model or another input, also through a link. */
export async function requireOutputApart(
  file: string,
  { tensors }: Pick<Checkpoint, 'tensors'>,
  ...others: readonly string[]
): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return;
  for (const read of new Set([...[...tensors.values()].map(tensor => tensor.file), ...others])) {
    const { dev, ino } = (await stat(read).catch(() => undefined)) ?? {};
    if (dev !== found.dev || ino !== found.ino) continue;
    throw new UserError(`would write over ${read}, which is read`, {
      option: 'out',
      value: file,
      remedy: 'name another file',
    });
  }
}
