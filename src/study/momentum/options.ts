import * as z from 'zod';
import {
  inGroup,
  listOf,
  nonEmptyText,
  nonNegativeNumber,
  numberBelowOne,
  type OptionsOf,
  oneOf,
  option,
  positiveNumber,
  wholeNumber,
} from '../../options.ts';
import { corpusOptions } from '../../train/options.ts';
import { taskNames } from './plan.ts';
import { presetNames } from './presets.ts';

const byDefault = "the preset's";
const count = (description: string) => option(wholeNumber(1).optional(), { description, byDefault });

/** Numbers of the tasks in context, which are in the `settings` of their plans. */
const settings = {
  dimensions: count('linear regression: dimensions of an input'),
  examples: count('linear regression: examples before the last input'),
  noise: option(nonNegativeNumber().optional(), {
    description: 'linear regression: standard deviation of the noise on the answers',
    byDefault,
  }),
  pairs: count('recall and lookup: pairs that are shown'),
  queries: count('recall and lookup: keys that are queried'),
  keys: count('recall: different keys'),
  values: count('recall and lookup: different values'),
  symbols: count('lookup: symbols for each of the two parts of a key'),
  states: option(wholeNumber(2).optional(), { description: 'Markov chain: different states', byDefault }),
  length: option(wholeNumber(2).optional(), { description: 'Markov chain: states of a sequence', byDefault }),
};

const MULTIPLE = 'must be a multiple of 4';

export const momentumOptions = {
  preset: option(oneOf(presetNames).default('tiny'), { description: 'tiny: a few minutes; small: an evening' }),
  tasks: option(listOf(oneOf(taskNames)).default([...taskNames]), { description: 'tasks to train on' }),
  etas: option(
    listOf(
      z.union(
        [numberBelowOne(), z.literal('learned')],
        'must be numbers from 0 to below 1, or learned, as in 0.01,0.5,learned',
      ),
    ).optional(),
    { description: 'momenta to compare with plain attention, 0 < eta < 1, or learned', byDefault },
  ),
  seeds: option(
    listOf(wholeNumber(0))
      .refine(seeds => new Set(seeds).size >= 2, 'intervals need at least two different seeds')
      .optional(),
    { description: 'seeds of initial weights and batches, at least two', byDefault },
  ),
  ...inGroup('Models (a number holds for every task)', {
    steps: count('training steps'),
    batch: count('sequences of a step'),
    learningRate: option(positiveNumber().optional(), { description: 'peak learning rate', byDefault }),
    layers: count('number of layers'),
    heads: count('attention heads of a layer'),
    hiddenSize: option(wholeNumber(1).optional(), {
      description: 'hidden size, a multiple of the number of heads',
      byDefault,
      formerly: 'width',
    }),
    tests: count('sequences on which a task other than language is evaluated'),
  }),
  ...inGroup('Language', {
    ...corpusOptions,
    context: option(z.int(MULTIPLE).min(4, MULTIPLE).multipleOf(4, MULTIPLE).optional(), {
      description: 'tokens of a sequence, a multiple of 4',
      byDefault,
    }),
    evaluationTokens: option(wholeNumber(1).optional(), {
      description: 'tokens that each perplexity is computed over, at most',
      byDefault,
      formerly: 'judged',
    }),
    classify: option(z.array(nonEmptyText()).readonly().optional(), {
      description: 'names from "dualform tasks" and files with rows: tasks to classify in context',
      byDefault,
    }),
    shots: count('demonstrations of a classification; fewer where they do not fit the context'),
    rows: count('evaluation rows of each classification'),
  }),
  ...inGroup('Tasks in context', settings),
};

/** Options of a study; everything has a default. Numbers hold for all tasks that have them. */
export type StudyWishes = OptionsOf<typeof momentumOptions>;
