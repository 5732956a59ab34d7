/** Sizes of a model. */
export interface ModelNumbers {
  readonly layers: number;
  readonly heads: number;
  readonly hiddenSize: number;
  readonly feedForward: number;
  readonly vocabulary: number;
  /** Tokens of the longest sequence, T. */
  readonly context: number;
}

/** Sizes and numbers of a training run; each is also an option. */
export interface TrainingNumbers extends ModelNumbers {
  /** Sequences that go through the model together, B. */
  readonly batch: number;
  /** Batches whose gradients make one step. */
  readonly accumulate: number;
  readonly steps: number;
  readonly warmUp: number;
  readonly learningRate: number;
  /** Of the polynomial decay. */
  readonly power: number;
  readonly clip: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** Adam, decay and clipping as in Table 10 of Dai et al. */
const PAPER = { power: 1, clip: 2, beta1: 0.9, beta2: 0.98, epsilon: 1e-6 } as const;

export const presets = {
  /** About 1 million parameters, under two minutes on two cores. */
  tiny: {
    layers: 4,
    heads: 4,
    hiddenSize: 128,
    feedForward: 512,
    vocabulary: 1024,
    context: 256,
    batch: 4,
    accumulate: 1,
    steps: 700,
    warmUp: 70,
    learningRate: 4e-3,
    ...PAPER,
  },
  /** About 12 million parameters, about an hour on two cores. */
  small: {
    layers: 6,
    heads: 6,
    hiddenSize: 384,
    feedForward: 1536,
    vocabulary: 4096,
    context: 256,
    batch: 16,
    accumulate: 1,
    steps: 2500,
    warmUp: 125,
    learningRate: 1e-3,
    ...PAPER,
  },
  /**
   * Table 10: 512K tokens a step. The vocabulary, which the paper does not print, is that of GPT-2,
   * as in fairseq's models.
   */
  'paper-350m': {
    layers: 24,
    heads: 16,
    hiddenSize: 1024,
    feedForward: 4096,
    vocabulary: 50_257,
    context: 1024,
    // One sequence at a time: the gradient needs the T x T scores of all layers.
    batch: 1,
    accumulate: 512,
    steps: 500_000,
    warmUp: 20_000,
    learningRate: 3e-4,
    ...PAPER,
  },
} as const satisfies Readonly<Record<string, TrainingNumbers>>;

export type TrainingPreset = keyof typeof presets;
export const trainingPresets = Object.keys(presets) as [TrainingPreset, ...TrainingPreset[]];
