import { z } from 'zod';
import { rules } from '../../experiment/tune/rule.ts';
import { tune } from '../../experiment/tune/tune.ts';
import { experimentHooks } from '../experiment-hooks.ts';
import { conventions, ofModel, template } from '../experiment-values.ts';
import { formatTune } from '../format-tune.ts';
import type { Io } from '../io.ts';
import { everywhere, listOf, positiveNumber, readOptions, text, wholeNumber } from '../option-values.ts';
import type { Typed } from '../program.ts';

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
