import type { CellOptions } from '../../cell/cell.ts';
import type { SweepKind } from '../../cell/kind.ts';
import { sweepStore } from '../../cell/sweep-store.ts';
import { checkOptions } from '../../options.ts';
import { openSubject } from '../prepare.ts';
import { modelKey, shareModel } from '../shared-model.ts';
import { estimateTune } from './estimate-tune.ts';
import { type TuneWishes, tuneOptions } from './options.ts';
import { tune } from './tune.ts';

const chosen = (options: CellOptions) => checkOptions(tuneOptions, options);

/** A choice of seed and learning rate. Its cell holds the folder of the grid; `result.json` is what `tune` returns. */
export const tuneKind: SweepKind = {
  name: 'tune',
  schema: 'dualform.tune/1',
  shape: tuneOptions,
  check: options => void chosen(options),
  groupOf: options => modelKey(chosen(options)),
  costless: [],
  figures: [
    { path: 'seed', title: 'seed' },
    { path: 'learningRate', title: 'learning rate' },
    { path: 'zeroShot.accuracy', title: 'zero-shot' },
  ],
  storeIn: sweepStore,
  open: () => {
    const shared = shareModel();
    return {
      compute: async (options, hooks) => {
        await tune({ ...(options as unknown as TuneWishes), ...hooks }, shared);
      },
      needs: async (options, hooks) => {
        const { checkpoint, task } = await openSubject(chosen(options), hooks, asked => shared.open(asked, hooks));
        return { model: checkpoint.digest, task: task.digest };
      },
      cost: (options, hooks, measure) => estimateTune(options as unknown as TuneWishes, hooks, { measure, shared }),
      close: shared.close,
    };
  },
};
