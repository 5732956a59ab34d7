import { type ChosenOptions, nonEmptyText, option, positiveNumber } from '../../options.ts';
import { modelOptions } from '../../run/options.ts';

export const finetuneOptions = {
  ...modelOptions,
  sequences: option(nonEmptyText(), { description: 'a .json file: a list of token-id lists', placeholder: 'file' }),
  learningRate: option(positiveNumber(), { description: 'learning rate of the steps' }),
  out: option(nonEmptyText(), {
    description: 'the .safetensors file to write: changed tensors, and the loss before each step',
    placeholder: 'file',
  }),
};

export type FinetuneOptions = ChosenOptions<typeof finetuneOptions>;
