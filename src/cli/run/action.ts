import { relative } from 'node:path';
import { z } from 'zod';
import { estimateRun } from '../../run/estimate/estimate.ts';
import { runExperiment } from '../../run/run.ts';
import { settingNames } from '../../setting/setting.ts';
import { formatCount } from '../format/number.ts';
import { experiment } from '../options/experiment-values.ts';
import { experimentHooks } from '../options/hooks.ts';
import { everywhere, namesOf, readOptions, text } from '../options/option-values.ts';
import type { Typed } from '../program.ts';
import type { Io } from '../terminal/io.ts';
import { formatEstimate } from './estimate.ts';
import { formatFindings } from './findings.ts';
import { formatPaper } from './paper.ts';
import { formatRowsTaken, formatRun } from './view.ts';

export const schema = z.object({
  ...everywhere,
  ...experiment,
  task: text(),
  settings: namesOf([...settingNames]),
  dryRun: z.boolean().optional(),
});

export async function perform(typed: Typed, io: Io): Promise<void> {
  const { json, quiet, debug, offline, threads, out, dryRun, ...wishes } = readOptions(schema, typed.options);
  const common = { ...wishes, out, ...experimentHooks(io) };
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
