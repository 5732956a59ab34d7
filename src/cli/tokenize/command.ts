import type { CommandLine } from '../options/command-line.ts';

export const tokenizeCommand: CommandLine = {
  name: 'tokenize',
  description: 'print the token ids of texts and the vocabulary entry of each token; no token is added',
  options: async () => (await import('./options.ts')).tokenizeOptions,
  examples: [
    { line: 'dualform tokenize --text " a gorgeous film"', says: 'with the embedded model, a token on each line' },
    {
      line: 'dualform tokenize --tokenizer my-model/tokenizer.json --file texts.jsonl --json',
      says: 'ids and pieces of each line, for a program',
    },
  ],
};
