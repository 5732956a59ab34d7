import * as z from 'zod';
import { type ChosenOptions, nonEmptyText, option } from '../../options.ts';
import { DEFAULT_MODEL } from '../../run/options.ts';

export const tokenizeOptions = {
  model: option(nonEmptyText().optional(), {
    description: 'the model whose tokenizer is used, as in "dualform run"',
    placeholder: 'model',
    byDefault: DEFAULT_MODEL,
    suggestions: [DEFAULT_MODEL],
  }),
  tokenizer: option(nonEmptyText().optional(), {
    description: 'a tokenizer.json, a folder that holds one, or a .gguf file, instead of a model',
    placeholder: 'file',
  }),
  text: option(z.string().optional(), { description: 'a text; special tokens in it are recognised' }),
  file: option(nonEmptyText().optional(), {
    description: 'a .jsonl file instead of a text, {"text": ...} on each line',
    placeholder: 'file',
  }),
};

export type TokenizeOptions = ChosenOptions<typeof tokenizeOptions>;
