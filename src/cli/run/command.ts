import type { CommandLine } from '../options/command-line.ts';

export const runCommand: CommandLine = {
  name: 'run',
  description: 'run a task zero-shot, in-context and finetuned, and measure how similar the last two are',
  options: async () => (await import('../../run/options.ts')).runOptions,
  out: { description: 'the run folder', byDefault: 'runs/<signature>' },
  dryRun: 'show what would be computed: tokens, FLOPs, memory, time',
  computes: true,
  examples: [
    { line: 'dualform run', says: 'SST-2, the first 200 evaluation rows: about a minute' },
    { line: 'dualform run --task cb --limit all', says: 'all evaluation rows of another task' },
    {
      line: 'dualform run --task mr --shots 8 --seed 2 --learning-rate 0.01 --limit 100',
      says: 'your own shots, seed and learning rate',
    },
    {
      line: 'dualform run --task mr --preset paper --model KoboldAI/fairseq-dense-1.3B',
      says: "the paper's choices for its model, with the paper's figures next to the measured ones",
    },
    {
      line: 'dualform run --task reviews.csv --learning-rate 0.003',
      says: 'your own rows; reviews.task.json holds template, label words and columns (see docs/library.md)',
    },
    { line: 'dualform run --task agnews --dry-run', says: 'what it would cost, without running it' },
    { line: 'dualform run --settings zero-shot,in-context --limit 50 --json', says: 'the result for a program' },
  ],
};
