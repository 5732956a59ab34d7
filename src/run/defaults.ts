/** What `tune` chose for a model and a task on training rows; docs/method.md describes the grid. */
export interface Tuned {
  /** Of the demonstrations. */
  readonly seed: number;
  readonly learningRate: number;
}

/** SHA-256 of the weight file of smollm2-135m-instruct. */
const SMOLLM2 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53';

/** By digest of the weights, then task name: names of models are not unique. */
const TUNED: Readonly<Record<string, Readonly<Record<string, Tuned>>>> = {
  [SMOLLM2]: {
    sst2: { seed: 5, learningRate: 0.001 },
    sst5: { seed: 5, learningRate: 0.001 },
    mr: { seed: 7, learningRate: 0.002 },
    subj: { seed: 5, learningRate: 0.001 },
    agnews: { seed: 5, learningRate: 0.005 },
    cb: { seed: 6, learningRate: 0.005 },
  },
};

/** Seed and learning rate of a model on a task, if they were tuned. */
export function tunedDefaults(modelDigest: string, task: string): Tuned | undefined {
  const ofModel = Object.hasOwn(TUNED, modelDigest) ? TUNED[modelDigest]! : {};
  return Object.hasOwn(ofModel, task) ? ofModel[task] : undefined;
}

/** Of the demonstrations where nothing was tuned. */
export const DEFAULT_SEED = 1;

/**
 * Evaluation rows without a number and without a preset: one or two minutes for the embedded model
 * on two cores.
 */
export const DEFAULT_LIMIT = 200;
