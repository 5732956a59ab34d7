import type { CommandLine } from '../options/command-line.ts';

export const reportCommand: CommandLine = {
  name: 'report',
  description: 'write what folders hold as one HTML file: findings, figures, tables, rows with their text',
  argument: {
    name: 'folder',
    description: 'a folder that run, table, tune, evidence, momentum, theory, train or sweep has written',
    variadic: true,
  },
  options: async () => (await import('./options.ts')).reportOptions,
  examples: [
    { line: 'dualform report runs/mr', says: 'writes report.html, which opens without a network' },
    { line: 'dualform report runs/mr runs/subj --out both.html', says: 'several folders in one file' },
    { line: 'dualform report runs/mine --model org/name', says: 'with the texts of a run of another model' },
  ],
};
