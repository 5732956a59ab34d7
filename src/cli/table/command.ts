import type { CommandLine } from '../options/command-line.ts';

export const tableCommand: CommandLine = {
  name: 'table',
  description: "make the paper's tables 1 to 5 for a model from runs of every task; finished runs are reused",
  options: async () => (await import('../../run/paper/options.ts')).tableOptions,
  out: { description: 'folder that holds a run folder for each task', byDefault: 'runs/<signature> for each' },
  computes: true,
  parts: true,
  examples: [
    {
      line: 'dualform table --preset paper --model KoboldAI/fairseq-dense-1.3B --tasks all',
      says: 'repeat the paper; if interrupted, the same command continues',
    },
    {
      line: 'dualform table --preset paper --model model.pt --tasks mr,sst5,cb --out runs/paper',
      says: "the tasks whose demonstrations are the paper's, with the file that fairseq published",
    },
    { line: 'dualform table --limit 100', says: 'the embedded model, 100 evaluation rows of each task' },
    { line: 'dualform table --tasks mr --learning-rate 0.01 --json', says: 'a table for a program' },
  ],
};
