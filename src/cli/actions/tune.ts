import { z } from 'zod';
import { tune } from '../../experiment/tune.ts';
import { formatTune } from '../format-tune.ts';
import type { Io } from '../io.ts';
import { everywhere, listOf, positiveNumber, readOptions, text, wholeNumber } from '../option-values.ts';
import type { Typed } from '../program.ts';
import { stageOf } from '../stage.ts';

export const schema = z.object({
  ...everywhere,
  model: text(),
  task: text(),
  shots: wholeNumber(1).optional(),
  seeds: listOf(wholeNumber(0)).optional(),
  learningRates: listOf(positiveNumber()).optional(),
  rows: wholeNumber(1).optional(),
  separator: z.string().optional(),
  documentStart: text().optional(),
  template: z.enum(['paper', 'code']),
});

export async function perform(typed: Typed, io: Io): Promise<void> {
  const { model, task, shots, seeds, learningRates, rows, separator, documentStart, template } = readOptions(
    schema,
    typed.options,
  );
  const result = await tune({
    ...{ model, task, shots, seeds, learningRates, rows, separator, documentStart, template },
    threads: io.threads,
    offline: io.offline,
    signal: io.signal,
    onProgress: progress => io.progress(stageOf(progress)),
    onWarning: io.note,
  });
  io.answer(result, () => formatTune(result));
}
