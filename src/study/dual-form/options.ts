import { listOf, type OptionsOf, oneOf, option, wholeNumber } from '../../options.ts';
import { conventionOptions, modelOptions, runOptions, taskOptions } from '../../run/options.ts';

export const chapterNumbers = ['1', '2', '3', '4', '5'] as const;
export type ChapterNumber = (typeof chapterNumbers)[number];

export const theoryOptions = {
  chapters: option(listOf(oneOf(chapterNumbers)).default([...chapterNumbers]), {
    description: 'chapters to compute, see docs/theory.md',
    formerly: 'chapter',
  }),
  seed: option(wholeNumber(0).default(1), { description: 'seed of the random problems' }),
  trainingSteps: option(wholeNumber(1).default(1200), {
    description: 'steps of each training from scratch in chapter 3',
  }),
  task: taskOptions.task,
  shots: taskOptions.shots,
  learningRate: runOptions.learningRate,
  ...modelOptions,
  ...conventionOptions,
};

export type TheoryWishes = OptionsOf<typeof theoryOptions>;
