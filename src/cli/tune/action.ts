import { z } from 'zod';
import { rules } from '../../run/tune/rule.ts';
import { tune } from '../../run/tune/tune.ts';
import { conventions, ofModel, template } from '../options/experiment-values.ts';
import { experimentHooks } from '../options/hooks.ts';
import { everywhere, listOf, positiveNumber, readOptions, text, wholeNumber } from '../options/option-values.ts';
import type { Typed } from '../program.ts';
import type { Io } from '../terminal/io.ts';
import { formatTune } from './view.ts';

export const schema = z.object({
  ...everywhere,
  ...ofModel,
  ...conventions,
  template,
  task: text(),
  shots: wholeNumber(1).optional(),
  seeds: listOf(wholeNumber(0)).optional(),
  learningRates: listOf(positiveNumber()).optional(),
  rows: wholeNumber(1).optional(),
  rule: z.enum([...rules]).optional(),
});

export async function perform(typed: Typed, io: Io): Promise<void> {
  const { json, quiet, debug, offline, threads, ...wishes } = readOptions(schema, typed.options);
  const result = await tune({ ...wishes, ...experimentHooks(io) });
  io.answer(result, () => formatTune(result));
}
