import * as z from 'zod';
import { deviceOption, jobsOption } from '../../hooks.ts';
import { inGroup, nonEmptyText, type OptionShape, option, wholeNumber } from '../../options.ts';
import type { CommandLine } from './command-line.ts';

const debug = option(z.boolean().optional(), { description: 'print stack traces of errors' });

/** Options of every command; `device` only where a model computes. */
export const commonOptions = inGroup('Common options', {
  json: option(z.boolean().optional(), { description: 'print one JSON document on stdout and nothing else there' }),
  quiet: option(z.boolean().optional(), { description: 'print no progress and no messages' }),
  debug,
  threads: option(wholeNumber(1, 1024).optional(), {
    description: 'number of threads',
    byDefault: 'the physical cores that the process may use',
  }),
  device: deviceOption,
  offline: option(z.boolean().optional(), { description: 'do not use the network' }),
});

const { device: _, ...withoutDevice } = commonOptions;

/** All options of a command. */
export async function shapeOf({ options, out, dryRun, computes, parts }: CommandLine): Promise<OptionShape> {
  return {
    ...(await options?.()),
    ...(out && { out: option(nonEmptyText().optional(), { placeholder: 'folder', ...out }) }),
    ...(dryRun && { dryRun: option(z.boolean().optional(), { description: dryRun }) }),
    ...(parts && { jobs: jobsOption }),
    ...(computes ? commonOptions : withoutDevice),
  };
}
