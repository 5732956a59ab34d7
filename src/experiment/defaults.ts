/** What `tune` found for a model and task on training rows; see docs for the grid. */
export interface Tuned {
  /** Of the demonstrations. */
  readonly seed: number;
  readonly learningRate: number;
}

/** By model name, then task name. */
const TUNED: Readonly<Record<string, Readonly<Record<string, Tuned>>>> = {
  'smollm2-135m-instruct': {
    sst2: { seed: 3, learningRate: 0.003 },
    sst5: { seed: 3, learningRate: 0.003 },
    mr: { seed: 3, learningRate: 0.003 },
    subj: { seed: 3, learningRate: 0.003 },
    agnews: { seed: 3, learningRate: 0.003 },
    cb: { seed: 3, learningRate: 0.003 },
  },
};

/** Seed and learning rate of a model on a task, where they were tuned. */
export function tunedDefaults(model: string, task: string): Tuned | undefined {
  const ofModel = Object.hasOwn(TUNED, model) ? TUNED[model]! : {};
  return Object.hasOwn(ofModel, task) ? ofModel[task] : undefined;
}

/** Of the demonstrations where nothing was tuned. */
export const DEFAULT_SEED = 1;
