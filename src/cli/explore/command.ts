import type { CommandLine } from '../options/command-line.ts';

export const exploreCommand: CommandLine = {
  name: 'explore',
  description: 'look at runs and studies in the browser, and compute there with demonstrations of your own',
  argument: {
    name: 'folder',
    description: 'folders that commands left, or that hold such folders (default: runs)',
    optional: true,
    variadic: true,
  },
  options: async () => (await import('../../explore/options.ts')).exploreOptions,
  computes: true,
  examples: [
    { line: 'dualform explore', says: 'all that lies in runs, and the laboratory with the embedded model' },
    {
      line: 'dualform explore runs/sst2 studies/evidence --port 8080 --no-open',
      says: 'two folders, without opening a browser',
    },
    { line: 'dualform explore --export page', says: 'the same page as static files, for any host' },
  ],
};
