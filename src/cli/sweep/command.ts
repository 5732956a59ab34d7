import type { CommandLine } from '../options/command-line.ts';

export const sweepCommand: CommandLine = {
  name: 'sweep',
  description:
    'compute a grid of runs, tunings, trainings or evidence studies: here, in processes, in shards or by workers',
  argument: {
    name: 'plan',
    description: 'a JSON file with command, base, grid and exclude (see docs/sweeps.md)',
    optional: true,
  },
  options: async () => (await import('./options.ts')).sweepOptions,
  out: { description: 'folder of the sweep', byDefault: 'required' },
  dryRun: 'show what would be computed: cells, time, memory, disk',
  computes: true,
  parts: true,
  examples: [
    {
      line: 'dualform sweep plan.json --out sweeps/seeds',
      says: 'every cell of the plan; if interrupted, it continues',
    },
    { line: 'dualform sweep plan.json --out sweeps/seeds --jobs 4', says: 'four cells at once' },
    { line: 'dualform sweep plan.json --out sweeps/seeds --shard 2/8', says: 'every eighth cell, from the second on' },
    {
      line: 'dualform sweep plan.json --out sweeps/seeds --queue redis://host:6379',
      says: 'let workers compute the cells; see "dualform worker --help"',
    },
    {
      line: 'dualform sweep plan.json --out /shared/seeds --slurm seeds.sh --jobs 32 --threads 8',
      says: 'a script for sbatch: shards with the memory and time of the estimate, 32 at once',
    },
    { line: 'dualform sweep --status sweeps/seeds', says: 'how far it is, and what failed' },
    {
      line: 'dualform sweep --table sweeps/seeds --csv seeds.csv',
      says: 'means over seeds here, and every number of every cell in a file',
    },
    { line: 'dualform sweep --schema', says: 'the JSON Schema of plans' },
  ],
};
