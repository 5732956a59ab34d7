import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint } from '../../checkpoint/checkpoint.ts';
import { openFolder } from '../../checkpoint/sources/open-folder.ts';
import { writeUntrained } from '../../checkpoint/untrained.ts';
import type { Hooks } from '../../hooks.ts';
import { unlessBusy } from './claim.ts';
import { untrainedStream } from './streams.ts';

/**
 * Writes an untrained model of a checkpoint below `folder`, works with it and deletes it, however
 * the work ends. What a killed process left of one is deleted first.
 *
 * @param initialisation its number, from 1 on
 * @throws UserError when the disk refuses
 */
export async function withUntrained<T>(
  checkpoint: Checkpoint,
  initialisation: number,
  { folder, onProgress }: { readonly folder: string; readonly onProgress: Hooks['onProgress'] },
  work: (untrained: Checkpoint) => Promise<T>,
): Promise<T> {
  await removeAbandoned(folder);
  const place = join(folder, `${PREFIX}${initialisation}.${randomBytes(6).toString('hex')}`);
  const worked = await unlessBusy(place, async () => {
    try {
      const model = join(place, 'model');
      await writeUntrained(checkpoint, model, {
        streamOf: name => untrainedStream(initialisation, name),
        onProgress: (done, total) =>
          onProgress?.({
            stage: 'load',
            done,
            total,
            unit: 'bytes',
            part: `writing untrained model ${initialisation}`,
          }),
      });
      // A tokenizer has no weights.
      return { result: await work(await openFolder(model)) };
    } finally {
      await rm(join(place, 'model'), { recursive: true, force: true });
    }
  });
  if (worked === 'busy') throw new Error(`${place}: the name was drawn twice`);
  return worked.result;
}

const PREFIX = '.untrained-';

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(PREFIX)) continue;
    const place = join(folder, name);
    await unlessBusy(place, async () => {
      await rm(join(place, 'model'), { recursive: true, force: true });
    });
  }
}
