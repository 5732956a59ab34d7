import { relative } from 'node:path';
import { formatCount } from '../../report/format/number.ts';
import { estimateMomentum } from '../../study/momentum/estimate.ts';
import { type MomentumOptions, runMomentum } from '../../study/momentum/run.ts';
import type { Given, JobOptions } from '../options/command-line.ts';
import { executorOf } from '../options/executor.ts';
import { hooksOf, type Io } from '../terminal/io.ts';
import { formatMomentum, formatStudyEstimate } from './view.ts';

export async function perform({ options }: Given<MomentumOptions & JobOptions>, io: Io): Promise<void> {
  const { dryRun, jobs, ...wishes } = options;
  const common = { ...wishes, ...hooksOf(io) };
  if (dryRun) {
    const estimate = await estimateMomentum(common);
    io.answer(estimate, () => formatStudyEstimate(estimate));
    return;
  }
  const { folder, result, timing, provenance, cells, found } = await runMomentum({
    ...common,
    executor: await executorOf(jobs),
  });
  if (found === cells) io.note('this study was finished earlier; these are its results');
  else if (found > 0) io.note(`went on after ${formatCount(found)} models that were trained earlier`);
  const place = relative('.', folder) || folder;
  io.answer({ ...result, timing, provenance }, () =>
    [formatMomentum(result), '', `Tables, curves and figures are in ${place}.`].join('\n'),
  );
}
