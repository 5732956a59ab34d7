import { relative } from 'node:path';
import { z } from 'zod';
import { estimateRun } from '../../experiment/estimate.ts';
import { runExperiment } from '../../experiment/run.ts';
import { settingNames } from '../../setting/setting.ts';
import { experimentHooks } from '../experiment-hooks.ts';
import { experiment } from '../experiment-values.ts';
import { formatEstimate } from '../format-estimate.ts';
import { formatFindings } from '../format-findings.ts';
import { formatCount } from '../format-number.ts';
import { formatPaper } from '../format-paper.ts';
import { formatRowsTaken, formatRun } from '../format-run.ts';
import type { Io } from '../io.ts';
import { everywhere, namesOf, readOptions, text } from '../option-values.ts';
import type { Typed } from '../program.ts';

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
