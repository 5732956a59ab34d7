/** @file Small jobs that store files; each resumes in its folder. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { here } from '../../src/cell/here.ts';
import type { CellKind } from '../../src/cell/kind.ts';
import { namedStore } from '../../src/cell/named-store.ts';
import { runSweep } from '../../src/cell/sweep.ts';
import { makeFolders } from '../../src/files/make-folders.ts';
import { writeResult } from '../../src/files/run-folder.ts';
import { runExperiment } from '../../src/run/run.ts';
import { runMomentum } from '../../src/study/momentum/run.ts';
import { trainModel } from '../../src/train/run.ts';
import { fakeKinds, fakeSweep } from '../cell/fake-kind.ts';

const fixture = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Two files, under names of their own. */
const part: CellKind = {
  name: 'part',
  schema: 'part/1',
  storeIn: root => namedStore(root, ({ options }) => join('parts', `part-${options.part}`)),
  open: () => ({
    compute: async (options, { out }) => {
      await makeFolders(out);
      writeFileSync(join(out, 'result.csv'), `part,${options.part}\n`);
      await writeResult(out, options);
    },
    close: async () => undefined,
  }),
};

export const jobs = {
  sweep: out => runSweep(fakeSweep({ seed: [1, 2] }), { out, executor: here(fakeKinds) }),
  parts: async out => {
    const cells = [1, 2].map(n => ({ kind: 'part', options: { part: n }, schema: 'part/1' }));
    await here(new Map([['part', part]]))(cells, out, {});
  },
  run: out =>
    runExperiment({
      ...{ model: fixture('fixtures/tiny-model'), task: fixture('fixtures/tiny-tasks/letters.jsonl') },
      ...{ learningRate: 0.1, batchSize: 2, limit: 4, threads: 1, out },
    }),
  train: out =>
    trainModel({
      ...{ corpus: [fixture('golden/byte-pairs/corpus.txt')], vocabulary: 300, context: 16 },
      ...{ layers: 1, heads: 2, hiddenSize: 16, batch: 4, steps: 4, checkpointEvery: 2, threads: 1, out },
    }),
  momentum: out =>
    runMomentum({
      ...{ tasks: ['markov-chain'], etas: [0.5], seeds: [1, 2], steps: 2, batch: 2, tests: 4, length: 8 },
      ...{ layers: 1, heads: 2, hiddenSize: 8, threads: 1, out },
    }),
} satisfies Record<string, (out: string) => Promise<unknown>>;

export type JobName = keyof typeof jobs;
