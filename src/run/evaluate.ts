import { KENDALL_EXAMPLES, measure } from '../metric/measure.ts';
import type { Observation } from '../metric/observation.ts';
import { cosinesOfNudge } from '../metric/steadiness.ts';
import type { LoadedModel } from '../model/loaded-model.ts';
import { type Observed, type ObservedBatch, observe } from '../observe/observe.ts';
import type { Setting } from '../setting/setting.ts';
import type { SettingName } from '../setting/setting-name.ts';
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
 * Answers the queries batch by batch in all settings, computes the metrics, and passes the records
 * to `onBatch`. The next batch is computed while the last one is reduced and stored, so that memory
 * holds the observations of two batches at most.
 */
export async function evaluate(model: LoadedModel, options: EvaluateOptions): Promise<void> {
  const { plan, from, onBatch } = options;
  const start = (batch: number) => {
    if (batch >= plan.batches.length) return undefined;
    const observing = observeBatch(model, batch, options);
    // If storing the previous batch fails, this promise is never awaited.
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

interface BatchObservations {
  /** [setting]: the rows of all queries of the batch. */
  readonly settings: readonly ObservedBatch[];
  /** The rows of the queries on which the nudged model is compared. */
  readonly zeroShot?: ObservedBatch;
  readonly nudged?: ObservedBatch;
}

/** Whether a query is among those on which finetuning is compared with itself at a nudged rate. */
function isCompared({ plan, check }: EvaluateOptions, index: number): boolean {
  return check !== undefined && check !== 'diverged' && index < plan.steadyRows;
}

async function observeBatch(model: LoadedModel, batch: number, options: EvaluateOptions): Promise<BatchObservations> {
  const { plan, queries, scoring, settings } = options;
  const indices = plan.batches[batch]!;
  const rows = indices.flatMap(index => scoring.rows(queries[index]!.tokens));
  const forKendall = indices.some(index => index < KENDALL_EXAMPLES);
  const observed = Promise.all(
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
  const [all, compared] = await Promise.all([observed, observeCompared(model, batch, options)]);
  return { settings: all, ...compared };
}

/** Observes the rows of a batch on which the nudged model is compared, if any. */
async function observeCompared(
  model: LoadedModel,
  batch: number,
  options: EvaluateOptions,
): Promise<Omit<BatchObservations, 'settings'>> {
  const { plan, queries, scoring, settings, check } = options;
  const compared = plan.batches[batch]!.filter(index => isCompared(options, index));
  if (check === undefined || check === 'diverged' || compared.length === 0) return {};
  const rows = compared.flatMap(index => scoring.rows(queries[index]!.tokens));
  const observed = (setting: Setting) =>
    observe(model, setting, rows, {
      labels: scoring.labels,
      taps: { attentionOutput: true },
      doing: `comparing rows of batch ${batch + 1} of ${plan.batches.length} with a nudged learning rate`,
    });
  const [nudged, zeroShot] = await Promise.all([
    observed(check.nudged),
    settings.includes(check.zeroShot) ? undefined : observed(check.zeroShot),
  ]);
  return { nudged, ...(zeroShot && { zeroShot }) };
}

/** The records of a batch; its observations are dropped. */
function reduce(
  { decoder: { layers, heads } }: LoadedModel,
  batch: number,
  { settings: observed, zeroShot, nudged }: BatchObservations,
  options: EvaluateOptions,
): BatchRecords {
  const { plan, queries, scoring, settings, training, watch } = options;
  const shape = { layers, heads, seed: plan.metrics.randomSeed, ...(training && { training }) };
  const examples: ExampleRecord[] = [];
  const metrics: BatchRecords['metrics'][number][] = [];
  let at = 0;
  let comparedAt = 0;
  for (const index of plan.batches[batch]!) {
    const query = queries[index]!;
    const { length: rows } = scoring.rows(query.tokens);
    const own = observed.map(setting => setting.queries.slice(at, at + rows));
    const records = settings.map((setting, s) => exampleRecord(index, query, setting, own[s]!, options));
    const observations = Object.fromEntries(
      settings.map(({ name }, s) => [observationNames[name], observationOf(own[s]![0]!)]),
    ) as Partial<Record<(typeof observationNames)[SettingName], Observation>>;
    examples.push(...records);
    at += rows;
    const measured = watch.timeNow('metrics', () => measure({ index, row: query.row, ...observations }, shape));
    if (!isCompared(options, index)) {
      metrics.push(measured);
      continue;
    }
    const compared = (other: ObservedBatch) => other.queries.slice(comparedAt, comparedAt + rows);
    const nudgedRows = compared(nudged!);
    const outputs = {
      plain: observations.finetuned!.attentionOutput,
      nudged: nudgedRows[0]!.attentionOutput!,
      zeroShot: observations.zeroShot?.attentionOutput ?? compared(zeroShot!)[0]!.attentionOutput!,
    };
    const answer = predict(scoring.scores(nudgedRows.map(row => row.logProbabilities)));
    const plain = records.find(({ setting }) => setting === 'finetuned')!;
    const moved = answer !== plain.predicted;
    metrics.push({ ...measured, steady: { cosines: cosinesOfNudge(outputs, layers), moved } });
    comparedAt += rows;
    watch.add('steadiness', 0, zeroShot ? 2 * plain.tokens : plain.tokens);
  }
  for (const { setting, tokens } of examples) watch.add(setting, 0, tokens);
  for (const [s, { name }] of settings.entries()) watch.add(name, observed[s]!.seconds);
  watch.add('steadiness', (nudged?.seconds ?? 0) + (zeroShot?.seconds ?? 0));
  return { examples, metrics };
}

/** @param rows the observed rows of the query */
function exampleRecord(
  index: number,
  query: Query,
  { name }: Setting,
  rows: readonly Observed[],
  { scoring }: EvaluateOptions,
): ExampleRecord {
  const logProbabilities = scoring.scores(rows.map(row => row.logProbabilities));
  return {
    index,
    row: query.row,
    setting: name,
    gold: query.label,
    predicted: predict(logProbabilities),
    logProbabilities,
    tokens: scoring.rows(query.tokens).reduce((sum, row) => sum + row.tokens.length, 0),
  };
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
