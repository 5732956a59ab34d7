import type { LoadedModel } from '../../model/loaded-model.ts';
import { type Observed, observe, type Taps } from '../../observe/observe.ts';
import type { Setting } from '../../setting/setting.ts';
import { batches } from '../../task/batches.ts';
import type { ArmData } from './arm-record.ts';
import type { TaskSequences } from './tokens.ts';

/** What an arm gives at the queries: R with taps, and at least as many with their answers. */
export interface ObservedQueries extends Pick<ArmData, 'attentionOutput' | 'scores' | 'offsets'> {
  /** [rows][C]. */
  readonly logProbabilities: readonly (readonly number[])[];
  /** [L, P] of each query with taps; empty unless requested. */
  readonly contextScores: readonly Float32Array[];
  /** [L, H*dh] of each query with taps; empty unless requested. */
  readonly tapQueries: readonly Float32Array[];
}

export interface ObserveQueriesOptions {
  /** Queries that are answered, from the first on; at least `rows`. */
  readonly answered: number;
  /** Queries with taps. */
  readonly rows: number;
  readonly batchSize: number;
  readonly more?: Pick<Taps, 'contextScores' | 'query'>;
  readonly doing: string;
}

/**
 * Observes the first queries of a task in one setting. Queries with and without taps have batches
 * of their own, so that the batches of the former, and with them their rounding, are the same in
 * all arms.
 */
export async function observeQueries(
  model: LoadedModel,
  setting: Setting,
  { queries, scoring }: Pick<TaskSequences, 'queries' | 'scoring'>,
  { answered, rows: R, batchSize, more, doing }: ObserveQueriesOptions,
): Promise<ObservedQueries> {
  const { layers: L, heads: H, hiddenSize: D } = model.decoder;
  const inBatches = (from: number, to: number) => {
    return batches(queries.slice(from, to), { size: batchSize }).map(batch => batch.map(i => from + i));
  };
  const observeBatch = async (batch: readonly number[], taps: Taps) => {
    const rows = batch.map(index => scoring.rows(queries[index]!.tokens));
    const observed = await observe(model, setting, rows.flat(), { labels: scoring.labels, taps, doing });
    const left = [...observed.queries];
    return batch.map((index, i) => ({ index, rows: left.splice(0, rows[i]!.length) }));
  };
  const observed = await Promise.all([
    ...inBatches(0, R).map(batch => observeBatch(batch, { attentionOutput: true, attentionScores: true, ...more })),
    ...inBatches(R, answered).map(batch => observeBatch(batch, {})),
  ]);
  const inOrder: (readonly Observed[])[] = [];
  for (const { index, rows } of observed.flat()) inOrder[index] = rows;

  const tapped = inOrder.slice(0, R).map(([first]) => first!);
  const offsets = [0];
  for (const { tokens } of queries.slice(0, R)) offsets.push(offsets.at(-1)! + tokens.length);
  const attentionOutput = new Float32Array(R * L * D);
  const scores = new Float32Array(offsets[R]! * L * H);
  for (const [i, row] of tapped.entries()) {
    attentionOutput.set(row.attentionOutput!, i * L * D);
    scores.set(tokensFirst(row.attentionScores!, L * H), offsets[i]! * L * H);
  }
  return {
    attentionOutput,
    scores,
    offsets,
    logProbabilities: inOrder.map(rows => scoring.scores(rows.map(row => row.logProbabilities))),
    contextScores: more?.contextScores ? tapped.map(row => row.contextScores!) : [],
    tapQueries: more?.query ? tapped.map(row => row.query!) : [],
  };
}

/** [L * H, T] -> [T, L * H]. */
function tokensFirst(scores: Float32Array, heads: number): Float32Array {
  const T = scores.length / heads;
  const turned = new Float32Array(scores.length);
  for (let head = 0; head < heads; head++) {
    for (let t = 0; t < T; t++) turned[t * heads + head] = scores[head * T + t]!;
  }
  return turned;
}
