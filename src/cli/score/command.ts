import type { CommandLine } from '../options/command-line.ts';

export const scoreCommand: CommandLine = {
  name: 'score',
  description: 'compute the log-probability of each label word after a prompt (the mean over its tokens)',
  options: async () => (await import('./options.ts')).scoreOptions,
  computes: true,
  examples: [
    {
      line: 'dualform score --prompt "Sentence: a joy to watch Label:" --labels " Negative, Positive"',
      says: 'zero-shot: after the BOS',
    },
    {
      line: 'dualform score --prompt "Sentence: a joy to watch Label:" --labels " Negative, Positive" --demonstrations demonstrations.jsonl',
      says: 'in-context: after lines such as {"prompt": "Sentence: dull Label:", "label": "Negative"}',
    },
  ],
};
