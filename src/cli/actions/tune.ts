import { z } from 'zod';
import { tune } from '../../experiment/tune.ts';
import { conventions, ofModel, template } from '../experiment-values.ts';
import { formatTune } from '../format-tune.ts';
import type { Io } from '../io.ts';
import { everywhere, listOf, positiveNumber, readOptions, text, wholeNumber } from '../option-values.ts';
import type { Typed } from '../program.ts';
import { stageOf } from '../stage.ts';

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
});

export async function perform(typed: Typed, io: Io): Promise<void> {
  const { json, quiet, debug, offline, threads, ...wishes } = readOptions(schema, typed.options);
  const result = await tune({
    ...wishes,
    threads: io.threads,
    offline: io.offline,
    signal: io.signal,
    onProgress: progress => io.progress(stageOf(progress)),
    onWarning: io.note,
  });
  io.answer(result, () => formatTune(result));
}
