import { relative } from 'node:path';
import { formatCount } from '../../report/format/number.ts';
import { formatFindings } from '../../report/run/findings.ts';
import { estimateRun } from '../../run/estimate/estimate.ts';
import type { Options } from '../../run/options.ts';
import { runExperiment } from '../../run/run.ts';
import type { Given, JobOptions } from '../options/command-line.ts';
import { hooksOf, type Io } from '../terminal/io.ts';
import { formatEstimate, formatPaper, formatRowsTaken, formatRun } from './view.ts';

export async function perform({ options }: Given<Options & JobOptions>, io: Io): Promise<void> {
  const { dryRun, ...wishes } = options;
  const common = { ...wishes, ...hooksOf(io) };
  if (dryRun) {
    const { plan, ...estimate } = await estimateRun(common);
    const { batches, demonstrations, ...choices } = plan;
    io.answer({ schema: 'dualform.estimate/1', ...estimate, plan: choices }, () =>
      formatEstimate({ plan, ...estimate }),
    );
    return;
  }
  const { folder, result, paper, timing, provenance, found } = await runExperiment(common);
  if (found === result.task.examples) io.note('this run was finished earlier; these are its results');
  else if (found > 0) io.note(`went on after ${formatCount(found)} examples that were stored earlier`);
  const place = relative('.', folder) || folder;
  io.answer({ ...result, ...(paper && { paper }), timing, provenance }, () =>
    [
      formatRun(result),
      '',
      ...formatFindings(result),
      '',
      ...(paper ? [formatPaper(paper), ''] : []),
      formatRowsTaken(result.task),
      `The run folder is ${place}.`,
    ].join('\n'),
  );
}
