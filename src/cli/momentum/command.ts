import type { CommandLine } from '../options/command-line.ts';

export const momentumCommand: CommandLine = {
  name: 'momentum',
  description: 'compare momentum attention with plain attention: paired models trained from scratch',
  options: async () => (await import('../../study/momentum/options.ts')).momentumOptions,
  out: { description: 'the folder of the study', byDefault: 'runs/<signature>' },
  dryRun: 'show what would be trained: tokens, FLOPs, memory, time',
  computes: true,
  parts: true,
  examples: [
    { line: 'dualform momentum', says: 'all tasks with tiny models; if interrupted, the same command continues' },
    { line: 'dualform momentum --preset small --dry-run', says: 'what an evening would train, without training it' },
    { line: 'dualform momentum --preset small --jobs 4', says: 'four models at once, each in a process of its own' },
    {
      line: 'dualform momentum --tasks markov-chain,associative-recall --etas 0.1,learned --seeds 1,2,3',
      says: 'your own tasks, momenta and seeds',
    },
    {
      line: 'dualform momentum --tasks language --corpus train.txt --context 512 --classify sst5,mr --json',
      says: 'your own text, with classification in context',
    },
  ],
};
