import { z } from 'zod';
import { type ChosenOptions, nonEmptyText, option } from '../../options.ts';

export const sweepOptions = {
  shard: option(nonEmptyText().optional(), {
    description: 'compute every n-th cell, from the i-th on; shards may run on different machines',
    placeholder: 'i/n',
  }),
  queue: option(nonEmptyText().optional(), {
    description: 'let workers on any machine compute the cells: redis://..., rediss://... or postgres://...',
    placeholder: 'url',
  }),
  slurm: option(nonEmptyText().optional(), {
    description: 'write a script for sbatch that computes shards, --jobs of them at once',
    placeholder: 'file',
  }),
  kubernetes: option(nonEmptyText().optional(), {
    description: 'write an indexed Job for kubectl that computes shards, --jobs of them at once',
    placeholder: 'file',
  }),
  retryFailed: option(z.boolean().optional(), { description: 'compute failed cells again' }),
  status: option(nonEmptyText().optional(), {
    description: 'show how far the sweep in a folder is',
    placeholder: 'folder',
  }),
  table: option(nonEmptyText().optional(), {
    description: 'show the results of the sweep in a folder, means over seeds with 95 % t intervals',
    placeholder: 'folder',
  }),
  csv: option(nonEmptyText().optional(), {
    description: 'with --table: write one row a cell with every number to a CSV file',
    placeholder: 'file',
  }),
  parquet: option(nonEmptyText().optional(), {
    description: 'with --table: write one row a cell with every number to a Parquet file',
    placeholder: 'file',
  }),
  schema: option(z.boolean().optional(), { description: 'print the JSON Schema of plans' }),
};

export type SweepCommandOptions = ChosenOptions<typeof sweepOptions>;
