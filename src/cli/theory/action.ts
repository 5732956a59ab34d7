import { relative } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../error.ts';
import { chapterNumbers, estimateTheory, runTheory } from '../../study/dual-form/run-theory.ts';
import { conventions, ofModel } from '../options/experiment-values.ts';
import { everywhere, namesOf, positiveNumber, readOptions, text, wholeNumber } from '../options/option-values.ts';
import type { Typed } from '../program.ts';
import type { Io } from '../terminal/io.ts';
import { formatTheory, formatTheoryEstimate } from './view.ts';

export const schema = z.object({
  ...everywhere,
  ...ofModel,
  ...conventions,
  task: text(),
  chapter: namesOf(chapterNumbers),
  seed: wholeNumber(0),
  trainingSteps: wholeNumber(1),
  shots: wholeNumber(0).optional(),
  learningRate: positiveNumber().optional(),
  out: text().optional(),
  dryRun: z.boolean().optional(),
});

export async function perform(typed: Typed, io: Io): Promise<void> {
  const { json, quiet, debug, dryRun, chapter, ...wishes } = readOptions(schema, typed.options);
  const options = {
    ...wishes,
    chapters: chapter,
    threads: io.threads,
    offline: io.offline,
    signal: io.signal,
    onProgress: io.progress,
    onWarning: io.note,
  };
  if (dryRun) {
    const estimate = await estimateTheory(options);
    io.answer(estimate, () => formatTheoryEstimate(estimate));
    return;
  }
  const result = await runTheory(options);
  if (result.found.length > 0) io.note(`finished earlier: chapter ${result.found.join(', ')}`);
  io.answer(result, () => `${formatTheory(result)}\n\nThe folder is ${relative('.', result.folder) || result.folder}.`);
  const failed = result.chapters.flatMap(({ chapter, checks }) =>
    checks.filter(({ passed }) => !passed).map(check => ({ chapter, ...check })),
  );
  if (failed.length === 0) return;
  const [{ chapter: where, claim, error, tolerance }] = failed as [(typeof failed)[number]];
  const others = failed.length === 1 ? '' : ` (and ${failed.length - 1} more)`;
  throw new UserError(
    `chapter ${where}: a check failed: ${claim}: error ${error.toExponential(1)} is above ${tolerance}${others}`,
  );
}
