import { relative } from 'node:path';
import { z } from 'zod';
import { estimateMomentum } from '../../study/momentum/estimate.ts';
import { taskNames } from '../../study/momentum/plan.ts';
import { presetNames } from '../../study/momentum/presets.ts';
import { runMomentum } from '../../study/momentum/run.ts';
import { formatCount } from '../format/number.ts';
import { ofCorpus } from '../options/experiment-values.ts';
import {
  everywhere,
  list,
  listOf,
  namesOf,
  numberBelowOne,
  numberFromZero,
  positiveNumber,
  readOptions,
  text,
  wholeNumber,
} from '../options/option-values.ts';
import type { Typed } from '../program.ts';
import type { Io } from '../terminal/io.ts';
import { formatStudyEstimate } from './estimate.ts';
import { formatMomentum } from './view.ts';

const count = wholeNumber(1).optional();

export const schema = z.object({
  ...everywhere,
  preset: z.enum(presetNames),
  tasks: namesOf([...taskNames]).optional(),
  etas: listOf(
    z.union(
      [z.literal('learned'), numberBelowOne()],
      'must be numbers from 0 to below 1, or learned, as in 0.01,0.5,learned',
    ),
  ).optional(),
  seeds: listOf(wholeNumber(0)).optional(),
  out: text().optional(),
  dryRun: z.boolean().optional(),
  ...{ steps: count, batch: count, learningRate: positiveNumber().optional() },
  ...{ layers: count, heads: count, hiddenSize: count, tests: count },
  ...ofCorpus,
  ...{ context: count, evaluationTokens: count },
  ...{ classify: list().optional(), shots: count, rows: count },
  ...{ dimensions: count, examples: count, noise: numberFromZero().optional() },
  ...{ pairs: count, queries: count, keys: count, values: count, symbols: count },
  ...{ states: wholeNumber(2).optional(), length: wholeNumber(2).optional() },
});

export async function perform(typed: Typed, io: Io): Promise<void> {
  const { json, quiet, debug, offline, threads, dryRun, ...wishes } = readOptions(schema, typed.options);
  const common = { ...wishes, threads: io.threads, signal: io.signal };
  if (dryRun) {
    const estimate = await estimateMomentum(common);
    io.answer(estimate, () => formatStudyEstimate(estimate));
    return;
  }
  const { folder, result, timing, provenance, cells, found } = await runMomentum({
    ...common,
    onProgress: io.progress,
    onWarning: io.note,
  });
  if (found === cells) io.note('this study was finished earlier; these are its results');
  else if (found > 0) io.note(`went on after ${formatCount(found)} models that were trained earlier`);
  const place = relative('.', folder) || folder;
  io.answer({ ...result, timing, provenance }, () =>
    [formatMomentum(result), '', `Tables, curves and figures are in ${place}.`].join('\n'),
  );
}
