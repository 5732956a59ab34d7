import type { CommandLine } from '../options/command-line.ts';

export const traceCommand: CommandLine = {
  name: 'trace',
  description: 'run one forward pass and save logits, attention outputs, attention scores and queries',
  options: async () => (await import('./options.ts')).traceOptions,
  computes: true,
  examples: [
    { line: 'dualform trace --text "The film was" --out film.safetensors', says: 'every tensor of three words' },
    {
      line: 'dualform trace --tokens 504,2471,436 --prefix-tokens 0 --taps logits --out logits.safetensors',
      says: 'the same words after the BOS, only logits',
    },
    {
      line: 'dualform trace --text " good" --prefix-text "The film was" --taps layers.3.query,attention_scores --out t.safetensors',
      says: 'some tensors of a word after a prefix',
    },
  ],
};
