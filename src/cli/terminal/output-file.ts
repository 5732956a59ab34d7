import { stat } from 'node:fs/promises';
import type { Checkpoint } from '../../checkpoint/checkpoint.ts';
import { UserError } from '../../error.ts';

/** Refuses a place that can hold no file, before anything is computed for it. */
export async function requireFilePlace(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isDirectory())
    throw new UserError('is a folder', { option: 'out', value: file, remedy: 'name a file in it' });
}

/** Refuses to write over a file that the model lies in, or another one that is read, by whatever name. */
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
