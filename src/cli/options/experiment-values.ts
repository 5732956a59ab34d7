/** @file What may stand behind the options that several commands share. */
import { z } from 'zod';
import { taps, templates } from '../../run/options.ts';
import { presetNames } from '../../run/paper/paper.ts';
import { list, numberBelowOne, positiveNumber, text, wholeNumber, wholeNumberOrAll } from './option-values.ts';

/** Of every command that opens a model. */
export const ofModel = {
  model: text(),
  heads: wholeNumber(1).optional(),
  momentum: numberBelowOne().optional(),
};

/** Of every command that trains a model. */
export const ofCorpus = {
  corpus: list().optional(),
  validation: list().optional(),
  documentSeparator: z.string().optional(),
  tokenizer: text().optional(),
  vocabulary: wholeNumber(1).optional(),
};

/** What a model wants to read around texts. */
export const conventions = {
  separator: z.string().optional(),
  bos: text().optional(),
};

export const template = z.enum([...templates]);

/** The choices of an experiment, for one task or several. */
export const experiment = {
  ...ofModel,
  ...conventions,
  template,
  shots: wholeNumber(0).optional(),
  seed: wholeNumber(0).optional(),
  learningRate: positiveNumber().optional(),
  tap: z.enum([...taps]).optional(),
  preset: z.enum([...presetNames]).optional(),
  limit: wholeNumberOrAll(1).optional(),
  excludeLeaks: z.boolean().optional(),
  steadyCheck: z.boolean().optional(),
  out: text().optional(),
};
