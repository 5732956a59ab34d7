import * as z from 'zod';
import { type ChosenOptions, nonEmptyText, option } from '../../options.ts';
import { evidenceOptions } from '../../study/evidence/options.ts';

export const evidenceCommandOptions = {
  ...evidenceOptions,
  shard: option(nonEmptyText().optional(), {
    description: 'compute only every n-th part of the arms; the process that ends last folds the result',
    placeholder: 'i/n',
  }),
  planOnly: option(z.boolean().optional(), {
    description: 'write plan.json, print its SHA-256 and stop, so that it can be published before the study',
  }),
  export: option(nonEmptyText().optional(), {
    description: 'write the projections of a finetuned arm, or the weights of an untrained model, as in F/3/same',
    placeholder: 'arm',
  }),
  to: option(nonEmptyText().optional(), { description: 'the .safetensors file of `export`', placeholder: 'file' }),
  fold: option(nonEmptyText().optional(), {
    description: 'fold the stored arms of a folder again, without a model',
    placeholder: 'folder',
  }),
};

export type EvidenceCommandOptions = ChosenOptions<typeof evidenceCommandOptions>;
