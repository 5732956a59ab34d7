import { relative } from 'node:path';
import { UserError } from '../../error.ts';
import { estimateTheory } from '../../study/dual-form/estimate-theory.ts';
import type { TheoryOptions } from '../../study/dual-form/prepare-theory.ts';
import { runTheory } from '../../study/dual-form/run-theory.ts';
import type { Given, JobOptions } from '../options/command-line.ts';
import { executorOf } from '../options/executor.ts';
import { hooksOf, type Io } from '../terminal/io.ts';
import { formatTheory, formatTheoryEstimate } from './view.ts';

export async function perform({ options }: Given<TheoryOptions & JobOptions>, io: Io): Promise<void> {
  const { dryRun, jobs, ...wishes } = options;
  const common = { ...wishes, ...hooksOf(io) };
  if (dryRun) {
    const estimate = await estimateTheory(common);
    io.answer(estimate, () => formatTheoryEstimate(estimate));
    return;
  }
  const result = await runTheory({ ...common, executor: await executorOf(jobs) });
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
