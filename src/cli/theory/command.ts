import type { CommandLine } from '../options/command-line.ts';

export const theoryCommand: CommandLine = {
  name: 'theory',
  description: 'check the equalities of the dual form in float64, and what becomes of them in a model',
  options: async () => (await import('../../study/dual-form/options.ts')).theoryOptions,
  out: { description: 'folder of the chapters', byDefault: 'runs/theory-<signature>' },
  dryRun: 'show what would be computed',
  computes: true,
  parts: true,
  examples: [
    { line: 'dualform theory', says: 'all chapters with the embedded model; finished ones are reused' },
    {
      line: 'dualform theory --chapters 1,3 --out runs/theory',
      says: 'two chapters, in a folder that others can join',
    },
    { line: 'dualform theory --task mr --shots 8 --json', says: 'with other demonstrations, for a program' },
  ],
};
