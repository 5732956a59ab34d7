import type { CommandLine } from '../options/command-line.ts';

export const tuneCommand: CommandLine = {
  name: 'tune',
  description: 'choose demonstration seed and learning rate on training rows that are used for nothing else',
  options: async () => (await import('../../run/tune/options.ts')).tuneOptions,
  out: { description: 'folder of the grid, in which an interrupted choice resumes', byDefault: 'nothing is kept' },
  computes: true,
  parts: true,
  examples: [
    { line: 'dualform tune --task sst2', says: 'the choice that "dualform run --task sst2" makes by default' },
    { line: 'dualform tune --task mr --seeds 1,2,3 --learning-rates 0.001,0.01 --rows 50', says: 'a smaller grid' },
    { line: 'dualform tune --task mr --rule paper', says: "the paper's rule: the most accurate rate, steady or not" },
    { line: 'dualform tune --task cb --json', says: 'the grid and the choice for a program' },
  ],
};
