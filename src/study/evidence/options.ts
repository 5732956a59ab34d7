import * as z from 'zod';
import { listOf, nonEmptyText, type OptionsOf, oneOf, option, positiveNumber, wholeNumber } from '../../options.ts';
import { batchSize, conventionOptions, modelOptions, OWN_ROWS, taskOptions } from '../../run/options.ts';
import { EMBEDDED_TASKS } from '../../task/embedded-tasks.ts';
import { optionalArms, presetNames } from './presets.ts';

const byDefault = "the preset's";

export const evidenceOptions = {
  preset: option(oneOf(presetNames).default('standard'), {
    description: 'quick: minutes, no verdict; standard: about an hour; full: a night',
  }),
  tasks: option(listOf(nonEmptyText()).optional(), {
    description: `names from "dualform tasks", or ${OWN_ROWS}`,
    byDefault,
    suggestions: [...EMBEDDED_TASKS.keys()],
  }),
  template: taskOptions.template,
  shots: option(wholeNumber(1).optional(), {
    description: 'demonstrations of every set; fewer where they do not fit the context with all seeds',
    byDefault,
  }),
  learningRate: option(
    z
      .union(
        [positiveNumber(), z.record(z.string(), positiveNumber())],
        'must be a rate, or pairs as sst2=0.001,mr=0.002',
      )
      .optional(),
    {
      description: 'learning rate of finetuning: one for all tasks, or task=rate pairs',
      placeholder: 'rate',
      byDefault: "the model's steady one for the task, else required",
    },
  ),
  seeds: option(wholeNumber(1).optional(), {
    description: 'sets of demonstrations, at least 4: those of the seeds 1 to this',
    byDefault,
  }),
  rows: option(wholeNumber(2).optional(), { description: 'evaluation rows whose attention is observed', byDefault }),
  behaviourRows: option(wholeNumber(2).optional(), {
    description: 'evaluation rows whose answers are compared, at least `rows`',
    byDefault,
  }),
  without: option(listOf(oneOf(optionalArms)).optional(), {
    description: 'arms to leave out, and with them their hypotheses',
    byDefault: 'none',
  }),
  pilot: option(nonEmptyText().optional(), {
    description: 'folder of an earlier study of this model, whose variances plan this one',
    placeholder: 'folder',
  }),
  seenBefore: option(nonEmptyText().optional(), {
    description: 'what was looked at before, in your words; written to the plan',
    placeholder: 'text',
  }),
  ...modelOptions,
  ...conventionOptions,
  batchSize,
};

/** Options of a study; everything has a default but, for models that were not tuned, the rate. */
export type EvidenceWishes = OptionsOf<typeof evidenceOptions>;
