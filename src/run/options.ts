import * as z from 'zod';
import { precisions } from '../device.ts';
import {
  type ChosenOptions,
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
import { settingNames } from '../setting/setting-name.ts';
import { EMBEDDED_TASKS } from '../task/embedded-tasks.ts';
import { DEFAULT_LIMIT } from './defaults.ts';
import { presetNames } from './paper/paper.ts';

/** Sequences that go through the model together. */
export const DEFAULT_BATCH_SIZE = 16;
export const DEFAULT_MODEL = 'smollm2-135m-instruct';
export const DEFAULT_TASK = 'sst2';

/** Rows of the user's own, in messages and help. */
export const OWN_ROWS =
  'a .jsonl, .csv, .tsv or .parquet file (or .gz of one) with F.task.json next to it, or a data set ' +
  'hf:org/name[:config] with name.task.json in the current folder';

const taps = ['prompt-end', 'label'] as const;

/**
 * Where attention is observed: at the last prompt token, or at the label word of class 0 as in the
 * official code.
 */
export type Tap = (typeof taps)[number];

/** Options of everything that opens a model. */
export const modelOptions = {
  model: option(nonEmptyText().default(DEFAULT_MODEL), {
    description:
      'a name from "dualform models", a folder with config.json and .safetensors files, a .gguf file, ' +
      'a fairseq model.pt, or a hub id org/name[@revision]',
    placeholder: 'model',
    suggestions: [DEFAULT_MODEL],
  }),
  heads: option(wholeNumber(1).optional(), {
    description: 'attention heads of a fairseq model.pt that does not say and has no published size',
  }),
  momentum: option(numberBelowOne().optional(), {
    description: 'run the model with momentum attention, 0 <= eta < 1',
    placeholder: 'eta',
    byDefault: 'as it was trained',
  }),
  precision: option(oneOf(precisions).optional(), {
    description: 'of weights and matrix products on webgpu and cuda; softmax, norms and gradients are float32',
    byDefault: 'float32',
  }),
};

/** What a model expects around texts. */
export const conventionOptions = {
  separator: option(z.string().optional(), {
    description: 'text or special token after each demonstration',
    placeholder: 'text',
    byDefault: "the model's",
  }),
  bos: option(nonEmptyText().optional(), {
    description: 'token that begins every sequence',
    placeholder: 'token',
    byDefault: "the model's",
    formerly: 'documentStart',
  }),
};

/** A task, and the demonstrations that are drawn from it. */
export const taskOptions = {
  task: option(nonEmptyText().default(DEFAULT_TASK), {
    description: `a name from "dualform tasks", or ${OWN_ROWS}`,
    placeholder: 'task',
    suggestions: [...EMBEDDED_TASKS.keys()],
  }),
  template: option(oneOf(['paper', 'code']).default('code'), {
    description: 'whose prompt template, where paper and official code differ (AG News, CB)',
  }),
  shots: option(wholeNumber(0).optional(), {
    description: 'number of demonstrations; fewer where they do not fit the context',
    byDefault: "the task's",
  }),
};

export const batchSize = option(wholeNumber(1, 1024).default(DEFAULT_BATCH_SIZE), {
  description: 'queries that go through the model together',
});

export const runOptions = {
  ...taskOptions,
  seed: option(wholeNumber(0).optional(), {
    description: 'seed that chooses the demonstrations',
    byDefault: "the model's for the task, else 1",
  }),
  learningRate: option(positiveNumber().optional(), {
    description: 'learning rate of finetuning',
    byDefault: "the model's for the task, else required",
  }),
  settings: option(
    listOf(oneOf(settingNames))
      .default([...settingNames])
      .transform(chosen => settingNames.filter(name => chosen.includes(name))),
    { description: 'settings to compare' },
  ),
  limit: option(z.union([wholeNumber(1), z.literal('all')], 'must be a whole number, at least 1, or all').optional(), {
    description: 'number of evaluation rows, from the first of the evaluation order on, or all',
    byDefault: `${DEFAULT_LIMIT}; all with a preset`,
  }),
  excludeLeaks: option(z.boolean().default(false), {
    description: 'leave out evaluation rows that are training rows too',
  }),
  steadyCheck: option(z.boolean().default(true), {
    description: 'skip the second finetuning, which shows whether rounding decides the finetuned answers',
  }),
  tap: option(oneOf(taps).optional(), {
    description: 'where attention is observed: the last prompt token, or the label word of class 0',
    placeholder: 'position',
    byDefault: 'prompt-end; label with a preset',
  }),
  preset: option(oneOf(presetNames).optional(), {
    description: "use the paper's seed, learning rate, shots and tap, and show its figures next to the measured ones",
  }),
  ...modelOptions,
  ...conventionOptions,
  batchSize,
};

/**
 * Options of a run; everything has a default but, for models that were not tuned, the learning
 * rate.
 */
export type ExperimentOptions = OptionsOf<typeof runOptions>;
export type Options = Omit<ChosenOptions<typeof runOptions>, 'tap'> & { readonly tap: Tap };

/** @throws UserError naming the option */
export function readOptions(given: ExperimentOptions): Options {
  const chosen = checkOptions(runOptions, given);
  return { ...chosen, tap: chosen.tap ?? (chosen.preset === undefined ? 'prompt-end' : 'label') };
}
