/** @file A decoder of 12,000 weights on 8 KB of text: a whole training run takes half a second. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { keepRuntime } from '../../src/runtime/node/keep-runtime.ts';
import { type TrainRun, type TrainRunOptions, trainModel } from '../../src/train/run.ts';

export { scratch } from '../run/tiny.ts';

export const CORPUS = fileURLToPath(new URL('../golden/byte-pairs/corpus.txt', import.meta.url));

export const tinyTraining = {
  corpus: [CORPUS],
  layers: 2,
  heads: 2,
  hiddenSize: 16,
  vocabulary: 300,
  context: 16,
  batch: 4,
  steps: 12,
  evaluateEvery: 4,
  checkpointEvery: 3,
  threads: 1,
} as const satisfies TrainRunOptions;

/** A finished run, for `beforeAll`; `remove` takes its folder away. */
export async function wholeRun(): Promise<{ readonly run: TrainRun; readonly remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'dualform-trained-'));
  const run = await trainModel({ ...tinyTraining, out: join(folder, 'run') });
  return { run, remove: () => rmSync(folder, { recursive: true }) };
}

/** As trainModel, with one compute process for all trainings of the file. */
export function shareTrainings(): (options: TrainRunOptions) => Promise<TrainRun> {
  const kept = keepRuntime();
  afterAll(() => kept.close());
  return options => trainModel(options, kept);
}

/** A digest of every file of a training run but provenance.json. */
export function digests(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(folder)
      .filter(name => name !== 'provenance.json')
      .sort()
      .map(name => [
        name,
        createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex'),
      ]),
  );
}

/** The rows of train.jsonl. */
export function logOf(folder: string): Record<string, number>[] {
  return readFileSync(join(folder, 'train.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
}
