import { UserError } from '../../error.ts';
import { type Hooks, splitHooks } from '../../hooks.ts';
import { loadModel } from '../../model/loaded-model.ts';
import { checkOptions } from '../../options.ts';
import { withRuntime } from '../../runtime/node/open-runtime.ts';
import { assertSameDemonstrations } from '../../task/same-demonstrations.ts';
import { buildSequences, type Sequences } from '../../task/sequence.ts';
import { passOnWarnings } from '../../task/warnings.ts';
import { deviceForModel } from '../device-for-model.ts';
import { Interrupted } from '../interrupted.ts';
import { checkVocabulary, openSubject } from '../prepare.ts';
import { makeScorer } from '../scorer.ts';
import { scoringOf } from '../scoring.ts';
import type { SharedModel } from '../shared-model.ts';
import { computeGrid } from './grid.ts';
import { type TuneWishes, tuneOptions } from './options.ts';
import { foldTune, type TuneResult } from './result.ts';
import { validationRows } from './validation-rows.ts';

export type TuneOptions = TuneWishes & Hooks;

/**
 * Chooses the demonstration seed by in-context accuracy on validation rows, then, with its
 * demonstrations, the learning rate by a rule (`chooseSteadyRate`, or the most accurate rate with
 * `rule` paper). Validation rows are training rows that are demonstrations of no candidate seed and
 * that no evaluation row repeats (`validationRows`). Dai et al. chose on the rows that they report.
 *
 * @param shared keeps the model for further calls
 * @throws UserError when no validation row is left, or the rule can choose no rate
 * @throws Interrupted after `signal`
 */
export async function tune(options: TuneOptions = {}, shared?: SharedModel): Promise<TuneResult> {
  const { signal } = options;
  try {
    signal?.throwIfAborted();
    return await tuneUninterrupted(options, shared);
  } catch (error) {
    if (signal?.aborted) throw new Interrupted('interrupted; nothing was chosen', { cause: error });
    throw error;
  }
}

async function tuneUninterrupted(options: TuneOptions, shared: SharedModel | undefined): Promise<TuneResult> {
  const { hooks, wishes } = splitHooks(options);
  const { onProgress, onWarning, threads, signal } = hooks;
  const chosen = checkOptions(tuneOptions, wishes);
  const [seeds, rates] = [ascending(chosen.seeds), ascending(chosen.learningRates)];
  const subject = await openSubject(chosen, hooks, shared && (asked => shared.open(asked, hooks)));
  const { task, checkpoint, decoder, tokenizer, conventions } = subject;
  passOnWarnings(task, onWarning);
  const shots = chosen.shots ?? task.defaultShots;
  if (shots < 1)
    throw new UserError('there is nothing to tune without demonstrations', { option: 'shots', value: shots });
  const rows = validationRows(subject, { seeds, shots, wanted: chosen.rows });
  const sequencesOf = (seed: number): Sequences => {
    const sequences = buildSequences({
      task,
      tokenizer,
      ...conventions,
      shots,
      seed,
      context: decoder.context,
      queries: rows,
    });
    assertSameDemonstrations({ ...conventions, ...sequences });
    checkVocabulary(checkpoint, decoder, sequences);
    return sequences;
  };
  const { queries, labelTokens } = sequencesOf(seeds[0]!);
  const gold = queries.map(({ label }) => label);
  const grid = await withRuntime(
    {
      threads,
      device: await deviceForModel(checkpoint, hooks),
      signal,
      lender: shared?.lender,
      onWarning,
    },
    async runtime =>
      computeGrid(await (shared?.load ?? loadModel)(checkpoint, runtime), {
        seeds,
        rates,
        bos: conventions.bos,
        sequencesOf,
        score: makeScorer(queries, scoringOf(labelTokens, 'prompt-end'), chosen.batchSize),
        gold,
        onProgress,
      }),
  );
  return foldTune(grid, {
    model: checkpoint.name,
    task: task.name,
    rule: chosen.rule,
    shots: sequencesOf(grid.seed).shots,
    rows,
    gold,
    labels: task.labels.length,
  });
}

function ascending(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
