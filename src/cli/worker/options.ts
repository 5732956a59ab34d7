import { z } from 'zod';
import { type ChosenOptions, nonEmptyText, option } from '../../options.ts';

export const workerOptions = {
  queue: option(nonEmptyText(), {
    description: 'where cells wait: redis://..., rediss://... or postgres://...',
    placeholder: 'url',
  }),
  once: option(z.boolean().optional(), { description: 'stop when no cell waits' }),
};

export type WorkerCommandOptions = ChosenOptions<typeof workerOptions>;
