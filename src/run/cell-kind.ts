import { join } from 'node:path';
import type { CellOptions } from '../cell/cell.ts';
import type { SweepKind } from '../cell/kind.ts';
import { sweepStore } from '../cell/sweep-store.ts';
import { estimateRun } from './estimate/estimate.ts';
import type { Speed } from './estimate/speed.ts';
import { type ExperimentOptions, readOptions, runOptions } from './options.ts';
import { prepare } from './prepare.ts';
import { runPrepared } from './run.ts';
import { modelKey, shareModel } from './shared-model.ts';

const asRun = (options: CellOptions) => options as unknown as ExperimentOptions;

/** A run of the main job. Its cell holds the run folder. */
export const runKind: SweepKind = {
  name: 'run',
  schema: 'dualform.plan/2',
  shape: runOptions,
  check: options => void readOptions(asRun(options)),
  groupOf: options => modelKey(readOptions(asRun(options))),
  costless: ['seed', 'learningRate'],
  figures: [
    { path: 'accuracy.zero-shot', title: 'zero-shot' },
    { path: 'accuracy.in-context', title: 'in-context' },
    { path: 'accuracy.finetuned', title: 'finetuned' },
    { path: 'rec2ftp.value', title: 'Rec2FTP' },
    { path: 'simAOU.value', title: 'SimAOU' },
    { path: 'simAM.value', title: 'SimAM' },
    { path: 'kendall.value', title: 'Kendall' },
  ],
  storeIn: sweepStore,
  open: () => {
    const shared = shareModel();
    const speeds = new Map<string, Speed | null>();
    const prepared = (options: CellOptions, hooks: Parameters<typeof prepare>[1] = {}) =>
      prepare(asRun(options), hooks, asked => shared.open(asked, hooks));
    return {
      compute: async (options, hooks) => {
        await runPrepared(() => prepared(options, hooks), hooks, shared);
      },
      needs: async (options, hooks) => {
        const { model, task } = (await prepared(options, hooks)).plan;
        return { model: model.digest, task: task.digest };
      },
      cost: async (options, hooks, measure) => {
        const group = modelKey(readOptions(asRun(options)));
        const speed = measure ? speeds.get(group) : null;
        const estimate = await estimateRun({ ...asRun(options), ...hooks, speed, out: join('.', 'cell') }, shared);
        if (measure) speeds.set(group, estimate.speed);
        const { memoryBytes, diskBytes, total } = estimate;
        return { memoryBytes, diskBytes, seconds: total.seconds };
      },
      close: shared.close,
    };
  },
};
