import * as z from 'zod';
import { type ChosenOptions, listOf, nonEmptyText, option } from '../../options.ts';
import { modelOptions } from '../../run/options.ts';

const IDS = 'must be token ids separated by commas, as in 504,2471,436';
const ids = () => z.array(z.int(IDS).min(0, IDS).max(999_999_999, IDS)).readonly().optional();

export const traceOptions = {
  ...modelOptions,
  tokens: option(ids(), { description: 'token ids', placeholder: 'ids' }),
  text: option(nonEmptyText().optional(), { description: 'text instead of token ids; no token is added' }),
  prefixTokens: option(ids(), {
    description: 'token ids of a prefix',
    placeholder: 'ids',
    formerly: 'memoryTokens',
  }),
  prefixText: option(nonEmptyText().optional(), {
    description: 'text of a prefix instead of token ids',
    formerly: 'memoryText',
  }),
  taps: option(listOf(z.string()).optional(), {
    description:
      'tensors to save: logits, attention_output, attention_scores, query (of all layers), or names such as ' +
      'layers.3.query',
    byDefault: 'all',
    suggestions: ['logits', 'attention_output', 'attention_scores', 'query'],
  }),
  out: option(nonEmptyText(), { description: 'the .safetensors file to write', placeholder: 'file' }),
};

export type TraceOptions = ChosenOptions<typeof traceOptions>;
