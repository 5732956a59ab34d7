import type { CellOptions } from '../../cell/cell.ts';
import type { SweepKind } from '../../cell/kind.ts';
import { sweepStore } from '../../cell/sweep-store.ts';
import type { Json } from '../../files/canonical-json.ts';
import { makeFolders } from '../../files/make-folders.ts';
import { writeResult } from '../../files/run-folder.ts';
import { checkOptions } from '../../options.ts';
import { openSubject } from '../prepare.ts';
import { modelKey, shareModel } from '../shared-model.ts';
import { estimateTune } from './estimate-tune.ts';
import { type TuneWishes, tuneOptions } from './options.ts';
import { tune } from './tune.ts';

const chosen = (options: CellOptions) => checkOptions(tuneOptions, options);

/** A choice of seed and learning rate. Its cell holds what `tune` returns as `result.json`. */
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
      compute: async (options, { out, ...hooks }) => {
        const result = await tune({ ...(options as unknown as TuneWishes), ...hooks }, shared);
        await makeFolders(out);
        await writeResult(out, result as unknown as Json);
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
