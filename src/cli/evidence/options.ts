import * as z from 'zod';
import { type ChosenOptions, option } from '../../options.ts';
import { evidenceOptions } from '../../study/evidence/options.ts';

export const evidenceCommandOptions = {
  ...evidenceOptions,
  planOnly: option(z.boolean().optional(), {
    description: 'write plan.json, print its SHA-256 and stop, so that it can be published before the study',
  }),
};

export type EvidenceCommandOptions = ChosenOptions<typeof evidenceCommandOptions>;
