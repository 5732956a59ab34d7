import { type ChosenOptions, nonEmptyText, option } from '../../options.ts';
import { conventionOptions, modelOptions } from '../../run/options.ts';

export const scoreOptions = {
  prompt: option(nonEmptyText(), { description: 'text that the label words follow' }),
  labels: option(nonEmptyText(), {
    description: 'label words separated by commas, each with its leading space',
    placeholder: 'list',
  }),
  demonstrations: option(nonEmptyText().optional(), {
    description: 'a .jsonl file with a demonstration on each line: {"prompt": text, "label": label word or its index}',
    placeholder: 'file',
  }),
  ...modelOptions,
  ...conventionOptions,
};

export type ScoreOptions = ChosenOptions<typeof scoreOptions>;
