import * as z from 'zod';
import { UserError } from '../error.ts';
import type { Momentum } from '../model/momentum.ts';
import {
  checkOptions,
  listOf,
  nonEmptyText,
  numberBelowOne,
  type OptionsOf,
  oneOf,
  option,
  positiveNumber,
  wholeNumber,
} from '../options.ts';
import { DEFAULT_CORPUS } from './corpus.ts';
import { presets, type TrainingNumbers, trainingPresets } from './presets.ts';

/** A tokenizer by name: that of GPT-2. */
export const GPT2 = 'gpt2';

/** The text that models are trained on. */
export const corpusOptions = {
  corpus: option(listOf(nonEmptyText()).default([DEFAULT_CORPUS]), {
    description: `text files, folders of .txt files, or ${DEFAULT_CORPUS}`,
    suggestions: [DEFAULT_CORPUS],
  }),
  validation: option(listOf(nonEmptyText()).optional(), {
    description: 'texts to validate on',
    byDefault: 'the last tenth of the corpus',
  }),
  documentSeparator: option(z.string().optional(), {
    description: 'line that separates documents, "" for a blank line',
    placeholder: 'line',
    byDefault: 'each file is a document',
  }),
  tokenizer: option(nonEmptyText().optional(), {
    description: `a tokenizer.json, its folder, or ${GPT2}`,
    placeholder: 'path',
    byDefault: 'byte pairs are trained on the corpus',
    suggestions: [GPT2],
  }),
  vocabulary: option(wholeNumber(1).optional(), {
    description: 'tokens of the tokenizer that is trained, 257 to 30000',
  }),
};

const ofPreset = "the preset's";
const number = (least: number, description: string, byDefault = ofPreset) =>
  option(wholeNumber(least).optional(), { description, byDefault });

const ETA = 'must be a number from 0 to below 1, as in 0.2, a list with one for each layer, or learned';

export const trainOptions = {
  preset: option(oneOf(trainingPresets).default('tiny'), {
    description:
      'tiny: about 1 million parameters, under two minutes; small: about 12 million, about an hour; ' +
      'paper-350m: Table 10 of the paper',
  }),
  ...corpusOptions,
  layers: number(1, 'number of layers'),
  heads: number(1, 'attention heads of a layer'),
  hiddenSize: option(wholeNumber(1).optional(), {
    description: 'hidden size, a multiple of the number of heads',
    byDefault: ofPreset,
    formerly: 'width',
  }),
  feedForward: number(1, 'hidden size of the feed-forward layers', '4 x hidden size'),
  context: number(1, 'tokens of a sequence'),
  momentum: option(
    z
      .union([numberBelowOne(), listOf(numberBelowOne()), listOf(listOf(numberBelowOne())), z.literal('learned')], ETA)
      .optional(),
    {
      description:
        'momentum attention: 0 <= eta < 1, a list with one for each layer, lists for the heads of each layer ' +
        'separated by semicolons, or learned',
      placeholder: 'eta',
    },
  ),
  batch: number(1, 'sequences that go through the model together'),
  accumulate: number(1, 'batches whose gradients are accumulated for a step'),
  steps: number(1, 'steps of Adam'),
  warmUp: number(0, 'steps until the learning rate reaches its peak'),
  learningRate: option(positiveNumber().optional(), { description: 'peak learning rate', byDefault: ofPreset }),
  power: option(positiveNumber().optional(), {
    description: 'power of the polynomial decay after the warm-up; 1 is linear',
    byDefault: ofPreset,
  }),
  clip: option(positiveNumber().optional(), { description: 'largest norm of the gradient', byDefault: ofPreset }),
  beta1: option(numberBelowOne().optional(), {
    description: "decay of Adam's first moment",
    byDefault: ofPreset,
  }),
  beta2: option(numberBelowOne().optional(), {
    description: "decay of Adam's second moment",
    byDefault: ofPreset,
  }),
  epsilon: option(positiveNumber().optional(), { description: "Adam's epsilon", byDefault: ofPreset }),
  seed: option(wholeNumber(0).default(1), { description: 'seed of the initial weights and of the order of sequences' }),
  evaluateEvery: number(1, 'steps between two validations', 'a twentieth of all steps'),
  checkpointEvery: number(1, 'steps between two checkpoints; decides no number', 'a twentieth of all steps'),
};

/** Options of a training run; everything has a default. */
export type TrainingOptions = OptionsOf<typeof trainOptions>;

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

/** @throws UserError naming the option */
export function readTrainingOptions(given: TrainingOptions): TrainingChoices {
  const { vocabulary, checkpointEvery: _, ...asked } = checkOptions(trainOptions, given);
  const preset = presets[asked.preset];
  const hiddenSize = asked.hiddenSize ?? preset.hiddenSize;
  const steps = asked.steps ?? preset.steps;
  if (asked.tokenizer !== undefined && vocabulary !== undefined) {
    throw new UserError('`tokenizer` excludes it: a tokenizer has a vocabulary', {
      option: 'vocabulary',
      value: vocabulary,
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
    throw new UserError(`must divide \`hiddenSize\` ${hiddenSize}`, {
      option: 'heads',
      value: heads,
      remedy: 'choose a number that does',
    });
  }
  const perLayer = Array.isArray(momentum) ? (momentum as readonly unknown[]) : undefined;
  if (perLayer && !(perLayer.length === layers && perLayer.every(of => !Array.isArray(of) || of.length === heads))) {
    throw new UserError(
      `must have an entry for each of ${layers} layers, and a list of them one for each of ${heads} heads`,
      { option: 'momentum', value: momentum },
    );
  }
  if (warmUp >= steps) {
    throw new UserError(`must be less than \`steps\` ${steps}`, { option: 'warmUp', value: warmUp });
  }
  return choices;
}
