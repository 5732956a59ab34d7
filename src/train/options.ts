import { z } from 'zod';
import { UserError } from '../error.ts';
import type { Momentum } from '../model/momentum.ts';
import { checkOptions } from '../run/options.ts';
import { DEFAULT_CORPUS } from './corpus.ts';
import { presets, type TrainingNumbers, trainingPresets } from './presets.ts';

const count = z.int().min(1);
const paths = z.array(z.string().min(1)).min(1).readonly();
const ETA = 'must be in [0, 1), as in 0.2, or learned';
const eta = z.number().min(0, ETA).lt(1, ETA);
const numbers = {
  layers: count,
  heads: count,
  hiddenSize: count,
  feedForward: count,
  vocabulary: count,
  context: count,
  batch: count,
  accumulate: count,
  steps: count,
  warmUp: z.int().min(0),
  learningRate: z.number().positive(),
  power: z.number().positive(),
  clip: z.number().positive(),
  beta1: z.number().min(0).lt(1),
  beta2: z.number().min(0).lt(1),
  epsilon: z.number().positive(),
} satisfies Record<keyof TrainingNumbers, z.ZodType<number>>;

const options = z.strictObject({
  preset: z.enum(trainingPresets).default('tiny'),
  ...(Object.fromEntries(Object.entries(numbers).map(([name, schema]) => [name, schema.optional()])) as {
    [K in keyof typeof numbers]: z.ZodOptional<(typeof numbers)[K]>;
  }),
  momentum: z
    .union([eta, z.array(eta).readonly(), z.array(z.array(eta).readonly()).readonly(), z.literal('learned')], ETA)
    .optional(),
  seed: z.int().min(0).default(1),
  corpus: paths.default([DEFAULT_CORPUS]),
  validation: paths.optional(),
  documentSeparator: z.string().optional(),
  tokenizer: z.string().min(1).optional(),
  evaluateEvery: count.optional(),
});

/** What a training run may be asked for; everything has a default. */
export type TrainingOptions = {
  readonly [K in keyof z.input<typeof options>]?: z.input<typeof options>[K] | undefined;
};

/** Every choice that the user makes, with what follows from the others filled in. */
export interface TrainingChoices extends TrainingNumbers {
  readonly preset: (typeof trainingPresets)[number];
  readonly momentum: Momentum | undefined;
  readonly seed: number;
  readonly corpus: readonly string[];
  /** Files to validate on; without, the last part of the corpus. */
  readonly validation: readonly string[] | undefined;
  readonly documentSeparator: string | undefined;
  /** A tokenizer that is there; without, one is trained. */
  readonly tokenizer: string | undefined;
  readonly evaluateEvery: number;
}

/** A tokenizer by name: that of GPT-2. */
export const GPT2 = 'gpt2';

/** @throws UserError naming the option */
export function readTrainingOptions(given: TrainingOptions): TrainingChoices {
  const { vocabulary, ...asked } = checkOptions(options, given);
  const preset = presets[asked.preset];
  const hiddenSize = asked.hiddenSize ?? preset.hiddenSize;
  const steps = asked.steps ?? preset.steps;
  if (asked.tokenizer !== undefined && vocabulary !== undefined) {
    throw new UserError('--vocabulary and --tokenizer exclude each other: a tokenizer has a vocabulary', {
      exitCode: 2,
    });
  }
  const choices = {
    ...preset,
    // In a preset the feed-forward is four times as wide as the model.
    feedForward: asked.hiddenSize === undefined ? preset.feedForward : 4 * hiddenSize,
    warmUp: Math.min(preset.warmUp, Math.floor(steps / 10)),
    evaluateEvery: Math.ceil(steps / 20),
    momentum: undefined,
    validation: undefined,
    documentSeparator: undefined,
    ...Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)),
    vocabulary: vocabulary ?? preset.vocabulary,
    tokenizer: asked.tokenizer ?? (asked.preset === 'paper-350m' && vocabulary === undefined ? GPT2 : undefined),
  } as TrainingChoices;
  const { layers, heads, momentum, warmUp } = choices;
  if (hiddenSize % heads !== 0) {
    throw new UserError(`--heads ${heads}: do not divide --hiddenSize ${hiddenSize}; choose a number that does`, {
      exitCode: 2,
    });
  }
  const perLayer = Array.isArray(momentum) ? (momentum as readonly unknown[]) : undefined;
  if (perLayer && !(perLayer.length === layers && perLayer.every(of => !Array.isArray(of) || of.length === heads))) {
    throw new UserError(
      `--momentum ${JSON.stringify(momentum)}: must have an entry for each of ${layers} layers, and a list of them one for each of ${heads} heads`,
      { exitCode: 2 },
    );
  }
  if (warmUp >= steps) {
    throw new UserError(`--warm-up ${warmUp}: must be less than --steps ${steps}`, { exitCode: 2 });
  }
  return choices;
}
