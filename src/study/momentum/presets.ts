import type { Eta, LanguagePlan, MomentumPlan } from './plan.ts';

export type PresetName = 'tiny' | 'small';

/**
 * A plan without what is read from files: the corpus, and the digests of classification tasks.
 */
export interface Preset {
  readonly etas: readonly Eta[];
  readonly seeds: readonly number[];
  readonly tasks: Omit<MomentumPlan['tasks'], 'language'> & {
    readonly language: Pick<LanguagePlan, 'model' | 'training' | 'context'> & {
      readonly vocabulary: number;
      /** Largest number of tokens predicted for each perplexity. */
      readonly evaluated: number;
      readonly classification: Omit<LanguagePlan['classification'], 'tasks'> & { readonly tasks: readonly string[] };
    };
  };
}

/** The 0.02 of GPT-2 for a hidden size of 768, scaled to other sizes. */
function deviationOf(hiddenSize: number): number {
  return Number((0.02 * Math.sqrt(768 / hiddenSize)).toPrecision(2));
}

export function modelOf(layers: number, heads: number, hiddenSize: number) {
  return { layers, heads, hiddenSize, feedForward: 4 * hiddenSize, deviation: deviationOf(hiddenSize) };
}

export function trainingOf(steps: number, batch: number, learningRate: number) {
  return { steps, batch, learningRate, warmUp: Math.floor(steps / 20), power: 1 };
}

const narrow = modelOf(2, 2, 32);
const wide = modelOf(4, 4, 128);

export const presets: Readonly<Record<PresetName, Preset>> = {
  /** A few minutes on two cores. */
  tiny: {
    etas: [0.01, 0.1, 0.5, 0.9],
    seeds: [1, 2, 3, 4, 5],
    tasks: {
      language: {
        model: modelOf(2, 2, 64),
        training: trainingOf(400, 2, 6e-3),
        context: 256,
        vocabulary: 512,
        evaluated: 12_288,
        classification: { tasks: ['sst2', 'sst5'], shots: 32, rows: 100, seed: 1 },
      },
      'linear-regression': {
        model: narrow,
        training: trainingOf(400, 32, 3e-3),
        settings: { dimensions: 2, examples: 8, noise: 0 },
        tests: 1024,
      },
      'associative-recall': {
        model: narrow,
        training: trainingOf(350, 32, 3e-3),
        settings: { pairs: 4, queries: 8, keys: 8, values: 8 },
        tests: 256,
      },
      'key-value-lookup': {
        model: narrow,
        training: trainingOf(400, 32, 3e-3),
        settings: { pairs: 4, queries: 8, symbols: 3, values: 8 },
        tests: 256,
      },
      'markov-chain': {
        model: narrow,
        training: trainingOf(250, 32, 3e-3),
        settings: { states: 3, length: 32 },
        tests: 512,
      },
    },
  },
  /** A few hours on two cores. */
  small: {
    etas: [0.01, 0.03, 0.1, 0.2, 0.5, 0.9, 'learned'],
    seeds: [1, 2, 3, 4, 5],
    tasks: {
      language: {
        model: wide,
        training: trainingOf(1000, 4, 2e-3),
        context: 512,
        vocabulary: 2048,
        evaluated: 49_152,
        classification: { tasks: ['sst2', 'sst5', 'mr'], shots: 32, rows: 500, seed: 1 },
      },
      'linear-regression': {
        model: modelOf(4, 4, 64),
        training: trainingOf(4000, 64, 1e-3),
        settings: { dimensions: 4, examples: 16, noise: 0 },
        tests: 1024,
      },
      'associative-recall': {
        model: modelOf(2, 4, 64),
        training: trainingOf(1000, 64, 2e-3),
        settings: { pairs: 12, queries: 12, keys: 32, values: 32 },
        tests: 512,
      },
      'key-value-lookup': {
        model: modelOf(2, 4, 64),
        training: trainingOf(1500, 64, 2e-3),
        settings: { pairs: 8, queries: 12, symbols: 4, values: 16 },
        tests: 512,
      },
      'markov-chain': {
        model: modelOf(2, 4, 64),
        training: trainingOf(1000, 64, 2e-3),
        settings: { states: 4, length: 96 },
        tests: 512,
      },
    },
  },
};

export const presetNames = Object.keys(presets) as [PresetName, ...PresetName[]];
