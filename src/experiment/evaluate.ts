import { KENDALL_EXAMPLES, measure } from '../metric/measure.ts';
import type { Observation } from '../metric/observation.ts';
import type { LoadedModel } from '../model/loaded-model.ts';
import { type Observed, type ObservedBatch, observe } from '../observe/observe.ts';
import type { SettingName } from '../setting/setting.ts';
import type { Query } from '../task/sequence.ts';
import type { Settings } from './make-settings.ts';
import type { Plan } from './plan.ts';
import type { Stopwatch } from './provenance.ts';
import type { BatchRecords, ExampleRecord } from './records.ts';
import { predict, type Scoring } from './scoring.ts';

export interface EvaluateOptions extends Settings {
  readonly plan: Plan;
  readonly queries: readonly Query[];
  readonly scoring: Scoring;
  /** The first batch to compute. */
  readonly from: number;
  readonly watch: Stopwatch;
  readonly onBatch: (batch: number, records: BatchRecords) => Promise<void>;
}

/**
 * Answers the queries batch by batch in all settings, measures, and hands over what is kept. The next batch is computed while the
 * last is measured and stored; the observations of two batches are in memory at most.
 */
export async function evaluate(model: LoadedModel, options: EvaluateOptions): Promise<void> {
  const { plan, from, onBatch } = options;
  const start = (batch: number) => {
    if (batch >= plan.batches.length) return undefined;
    const observing = observeBatch(model, batch, options);
    // When storing the batch before fails, nobody waits for this one any more.
    observing.catch(() => undefined);
    return observing;
  };
  let next = start(from);
  for (let batch = from; next !== undefined; batch++) {
    const observed = await next;
    next = start(batch + 1);
    await onBatch(batch, reduce(model, batch, observed, options));
  }
}

/** [setting], each with the rows of all queries of the batch. */
async function observeBatch(
  model: LoadedModel,
  batch: number,
  { plan, queries, scoring, settings }: EvaluateOptions,
): Promise<readonly ObservedBatch[]> {
  const indices = plan.batches[batch]!;
  const rows = indices.flatMap(index => scoring.rows(queries[index]!.tokens));
  const forKendall = indices.some(index => index < KENDALL_EXAMPLES);
  return Promise.all(
    settings.map(setting =>
      observe(model, setting, rows, {
        labels: scoring.labels,
        taps: {
          attentionOutput: true,
          attentionScores: true,
          contextScores: forKendall && setting.name === 'in-context',
          query: forKendall && setting.name === 'finetuned',
        },
        doing: `${setting.name} batch ${batch + 1} of ${plan.batches.length}`,
      }),
    ),
  );
}

function reduce(
  { decoder: { layers, heads } }: LoadedModel,
  batch: number,
  observed: readonly ObservedBatch[],
  { plan, queries, scoring, settings, training, watch }: EvaluateOptions,
): BatchRecords {
  const examples: ExampleRecord[] = [];
  const metrics: BatchRecords['metrics'][number][] = [];
  let at = 0;
  for (const index of plan.batches[batch]!) {
    const query = queries[index]!;
    const fed = scoring.rows(query.tokens);
    const tokens = fed.reduce((sum, row) => sum + row.tokens.length, 0);
    const observations: Partial<Record<(typeof observationNames)[SettingName], Observation>> = {};
    for (const [s, { name }] of settings.entries()) {
      const rows = observed[s]!.queries.slice(at, at + fed.length);
      const scores = scoring.scores(rows.map(row => row.logProbabilities));
      examples.push({
        index,
        row: query.row,
        setting: name,
        gold: query.label,
        predicted: predict(scores),
        logProbabilities: scores,
        tokens,
      });
      observations[observationNames[name]] = observationOf(rows[0]!);
      watch.add(name, 0, tokens);
    }
    const shape = { layers, heads, seed: plan.metrics.randomSeed, ...(training && { training }) };
    metrics.push(watch.timeNow('metrics', () => measure({ index, row: query.row, ...observations }, shape)));
    at += fed.length;
  }
  for (const [s, { name }] of settings.entries()) watch.add(name, observed[s]!.seconds);
  return { examples, metrics };
}

const observationNames = {
  'zero-shot': 'zeroShot',
  'in-context': 'inContext',
  finetuned: 'finetuned',
} as const satisfies Record<SettingName, string>;

function observationOf({ attentionOutput, attentionScores, contextScores, query }: Observed): Observation {
  return {
    attentionOutput: attentionOutput!,
    scores: attentionScores!,
    ...(contextScores && { contextScores }),
    ...(query && { query }),
  };
}
