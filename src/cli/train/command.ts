import type { CommandLine } from '../options/command-line.ts';

export const trainCommand: CommandLine = {
  name: 'train',
  description: 'train a GPT decoder from scratch on text files, with or without momentum attention',
  options: async () => (await import('../../train/options.ts')).trainOptions,
  out: { description: 'the run folder, which becomes the folder of the model', byDefault: 'runs/<signature>' },
  dryRun: 'show what would be computed: parameters, tokens, FLOPs, memory, time',
  computes: true,
  examples: [
    { line: 'dualform train', says: 'about 1 million parameters on tiny Shakespeare, under two minutes' },
    { line: 'dualform train --momentum 0.1 --out runs/momentum', says: 'the same with momentum attention' },
    {
      line: 'dualform train --preset small --corpus books.txt,articles --document-separator "" --validation held-out.txt',
      says: 'about 12 million parameters on your own texts, about an hour',
    },
    { line: 'dualform train --preset paper-350m --dry-run', says: 'what the model of the paper would cost here' },
  ],
};
