import type { CellOptions } from '../cell/cell.ts';
import type { SweepKind } from '../cell/kind.ts';
import { sweepStore } from '../cell/sweep-store.ts';
import { keepRuntime } from '../runtime/node/keep-runtime.ts';
import { estimateTraining } from './estimate.ts';
import { readTrainingOptions, type TrainingOptions, trainOptions } from './options.ts';
import { prepareTraining } from './prepare.ts';
import { trainModel } from './run.ts';

const asTraining = (options: CellOptions) => options as unknown as TrainingOptions;

/** A training run. Its cell holds the folder of the model. */
export const trainKind: SweepKind = {
  name: 'train',
  schema: 'dualform.train-plan/3',
  shape: trainOptions,
  check: options => void readTrainingOptions(asTraining(options)),
  groupOf: () => '',
  costless: ['seed', 'learningRate', 'corpus', 'validation'],
  figures: [
    { path: 'predictions.training.loss', title: 'training loss' },
    { path: 'predictions.validation.loss', title: 'validation loss' },
    { path: 'predictions.validation.bitsPerByte', title: 'bits per byte' },
  ],
  storeIn: sweepStore,
  open: () => {
    const kept = keepRuntime();
    return {
      compute: async (options, hooks) => {
        await trainModel({ ...asTraining(options), ...hooks }, kept);
      },
      needs: async (options, hooks) => {
        const { corpus } = (await prepareTraining(asTraining(options), hooks)).plan;
        return { corpus: corpus.digest };
      },
      cost: async (options, hooks, measure) => {
        // Memory is measured too.
        const { memoryBytes, total } = await estimateTraining({ ...asTraining(options), ...hooks });
        return { memoryBytes, seconds: measure ? total.seconds : null, diskBytes: null };
      },
      close: kept.close,
    };
  },
};
