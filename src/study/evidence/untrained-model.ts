import { randomBytes } from 'node:crypto';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint } from '../../checkpoint/checkpoint.ts';
import { openFolder } from '../../checkpoint/sources/open-folder.ts';
import { writeUntrained } from '../../checkpoint/untrained.ts';
import { makeFolders } from '../../files/make-folders.ts';
import { makeFolder } from '../../files/run-folder.ts';
import type { Hooks } from '../../hooks.ts';
import { untrainedStream } from './streams.ts';

/** An untrained model on the disk. */
export interface UntrainedModel {
  readonly checkpoint: Checkpoint;
  /** Deletes it. */
  remove(): Promise<void>;
}

/**
 * Writes an untrained model of a checkpoint below `folder`. What a killed process left of one is
 * deleted first.
 *
 * @param initialisation its number, from 1 on
 * @throws UserError when the disk refuses
 */
export async function openUntrained(
  checkpoint: Checkpoint,
  initialisation: number,
  { folder, onProgress }: { readonly folder: string; readonly onProgress: Hooks['onProgress'] },
): Promise<UntrainedModel> {
  await removeAbandoned(folder);
  const place = join(folder, `${PREFIX}${initialisation}.${randomBytes(6).toString('hex')}`);
  const lock = await makeFolder(place);
  const model = join(place, 'model');
  const remove = async () => {
    await rm(model, { recursive: true, force: true });
    await lock.release();
    await rmdir(place).catch(() => undefined);
  };
  try {
    await writeUntrained(checkpoint, model, {
      streamOf: name => untrainedStream(initialisation, name),
      onProgress: (done, total) =>
        onProgress?.({ stage: 'load', done, total, unit: 'bytes', part: `writing untrained model ${initialisation}` }),
    });
    // A tokenizer has no weights.
    return { checkpoint: await openFolder(model), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Works with an untrained model and deletes it, however the work ends. */
export async function withUntrained<T>(
  checkpoint: Checkpoint,
  initialisation: number,
  place: Parameters<typeof openUntrained>[2],
  work: (untrained: Checkpoint) => Promise<T>,
): Promise<T> {
  const untrained = await openUntrained(checkpoint, initialisation, place);
  try {
    return await work(untrained.checkpoint);
  } finally {
    await untrained.remove();
  }
}

const PREFIX = '.untrained-';

/** Deletes what no living process uses. */
async function removeAbandoned(folder: string): Promise<void> {
  await makeFolders(folder);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(PREFIX)) continue;
    const place = join(folder, name);
    // Another process uses it, or removes it at this moment.
    const lock = await makeFolder(place).catch(() => undefined);
    if (lock === undefined) continue;
    await rm(join(place, 'model'), { recursive: true, force: true });
    await lock.release();
    await rmdir(place).catch(() => undefined);
  }
}
