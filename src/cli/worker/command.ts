import type { CommandLine } from '../options/command-line.ts';

export const workerCommand: CommandLine = {
  name: 'worker',
  description: 'compute cells of sweeps that wait in a queue, until it is stopped',
  options: async () => (await import('./options.ts')).workerOptions,
  out: {
    description: 'the folder of the sweep, where it is shared; else a folder of this worker',
    byDefault: 'a temporary folder; finished cells travel through the queue',
  },
  computes: true,
  examples: [
    { line: 'dualform worker --queue redis://host:6379', says: 'cells come and results go through the queue' },
    {
      line: 'dualform worker --queue postgres://user@host/cells --out /shared/sweeps/seeds',
      says: 'results go to the folder of the sweep',
    },
    { line: 'dualform worker --queue redis://host:6379 --once --threads 4', says: 'stop when no cell waits' },
  ],
};
