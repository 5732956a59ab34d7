import { relative } from 'node:path';
import { formatCount } from '../../report/format/number.ts';
import { estimateTraining } from '../../train/estimate.ts';
import type { TrainingOptions } from '../../train/options.ts';
import { trainModel } from '../../train/run.ts';
import type { Given, JobOptions } from '../options/command-line.ts';
import { hooksOf, type Io } from '../terminal/io.ts';
import { formatTraining, formatTrainingEstimate } from './view.ts';

export async function perform({ options }: Given<TrainingOptions & JobOptions>, io: Io): Promise<void> {
  const { dryRun, ...wishes } = options;
  const common = { ...wishes, ...hooksOf(io) };
  if (dryRun) {
    const estimate = await estimateTraining(common);
    io.answer({ schema: 'dualform.train-estimate/1', ...estimate }, () => formatTrainingEstimate(estimate));
    return;
  }
  const { folder, result, timing, provenance, found } = await trainModel(common);
  if (found === result.steps) io.note('this run was finished earlier; these are its results');
  else if (found > 0) io.note(`went on after step ${formatCount(found)}, which was stored earlier`);
  const place = relative('.', folder) || folder;
  io.answer({ ...result, timing, provenance }, () => formatTraining(result, timing, place));
}
