import { listOf, type OptionsOf, oneOf, option, positiveNumber, wholeNumber } from '../../options.ts';
import { batchSize, conventionOptions, modelOptions, taskOptions } from '../options.ts';

/**
 * `steady`: of the rates that rounding does not decide, none that ends in one answer; of those that
 * no interval tells apart from the most accurate, the one nearest the middle of their steady range.
 * `paper`: the most accurate (Dai et al., appendix B).
 */
const rules = ['steady', 'paper'] as const;

/** How the learning rate is chosen. */
export type Rule = (typeof rules)[number];

export const tuneOptions = {
  ...taskOptions,
  seeds: option(listOf(wholeNumber(0)).default([1, 2, 3, 4, 5, 6, 7]), {
    description: 'candidates for the demonstration seed',
  }),
  learningRates: option(
    listOf(positiveNumber()).default([0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5]),
    { description: 'candidates for the learning rate' },
  ),
  rows: option(wholeNumber(1).default(120), {
    description: 'training rows to validate on; fewer where the task has fewer',
  }),
  rule: option(oneOf(rules).default('steady'), {
    description: 'steady refuses learning rates that rounding decides; paper takes the most accurate',
  }),
  ...modelOptions,
  ...conventionOptions,
  batchSize,
};

export type TuneWishes = OptionsOf<typeof tuneOptions>;
