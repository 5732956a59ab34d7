import { relative } from 'node:path';
import { z } from 'zod';
import { estimateTraining } from '../../train/estimate.ts';
import { trainingPresets } from '../../train/presets.ts';
import type { TrainingProgress } from '../../train/progress.ts';
import { trainModel } from '../../train/run.ts';
import { formatCount } from '../format/number.ts';
import { ofCorpus } from '../options/experiment-values.ts';
import {
  everywhere,
  listOf,
  numberBelowOne,
  positiveNumber,
  readOptions,
  text,
  wholeNumber,
} from '../options/option-values.ts';
import type { Typed } from '../program.ts';
import type { Io } from '../terminal/io.ts';
import { formatTrainingEstimate } from './estimate.ts';
import { formatTraining } from './view.ts';

const etas = listOf(numberBelowOne());
const ofHeads = z
  .string()
  .includes(';')
  .transform(layers => layers.split(';'))
  .pipe(z.array(etas));
const ofAllOrLayers = etas.transform(list => (list.length === 1 ? list[0]! : list));

export const schema = z.object({
  ...everywhere,
  preset: z.enum(trainingPresets),
  ...ofCorpus,
  layers: wholeNumber(1).optional(),
  heads: wholeNumber(1).optional(),
  hiddenSize: wholeNumber(1).optional(),
  feedForward: wholeNumber(1).optional(),
  context: wholeNumber(1).optional(),
  momentum: z
    .union(
      [z.literal('learned'), ofHeads, ofAllOrLayers],
      'must be a number from 0 to below 1, as in 0.2, a list with one for each layer, lists for heads parted by semicolons, or learned',
    )
    .optional(),
  batch: wholeNumber(1).optional(),
  accumulate: wholeNumber(1).optional(),
  steps: wholeNumber(1).optional(),
  warmUp: wholeNumber(0).optional(),
  learningRate: positiveNumber().optional(),
  power: positiveNumber().optional(),
  clip: positiveNumber().optional(),
  beta1: numberBelowOne().optional(),
  beta2: numberBelowOne().optional(),
  epsilon: positiveNumber().optional(),
  seed: wholeNumber(0),
  evaluateEvery: wholeNumber(1).optional(),
  checkpointEvery: wholeNumber(1).optional(),
  out: text().optional(),
  dryRun: z.boolean().optional(),
});

export async function perform(typed: Typed, io: Io): Promise<void> {
  const { json, quiet, debug, offline, threads, dryRun, checkpointEvery, ...wishes } = readOptions(
    schema,
    typed.options,
  );
  const common = { ...wishes, threads: io.threads, signal: io.signal, onProgress: progressTo(io) };
  if (dryRun) {
    const estimate = await estimateTraining({ ...common, checkpointEvery });
    io.answer({ schema: 'dualform.train-estimate/1', ...estimate }, () => formatTrainingEstimate(estimate));
    return;
  }
  const { folder, result, timing, provenance, found } = await trainModel({
    ...common,
    checkpointEvery,
    onWarning: io.note,
  });
  if (found === result.steps) io.note('this run was finished earlier; these are its results');
  else if (found > 0) io.note(`went on after step ${formatCount(found)}, which was stored earlier`);
  const place = relative('.', folder) || folder;
  io.answer({ ...result, timing, provenance }, () => formatTraining(result, timing, place));
}

function progressTo(io: Io): (progress: TrainingProgress) => void {
  return ({ stage, detail, ...counts }) => io.progress({ stage, ...counts, ...(detail !== undefined && { detail }) });
}
