/** @file What is read at queries: label log-probabilities and taps, batch by batch. */
import * as g from '../graph/operators/index.ts';
import { input, type Tensor } from '../graph/tensor.ts';
import { scoresOfRows } from '../model/attention.ts';
import { fedInputs, integers, packedFeeds } from '../model/feeds.ts';
import { forward, perLayer } from '../model/forward.ts';
import type { LoadedModel, ModelGraph, Projections } from '../model/loaded-model.ts';
import { names } from '../model/names.ts';
import { type Prefix, requireSamePositions } from '../model/prefix.ts';

export interface Query {
  /** Tokens of the query, label included where one is fed. */
  readonly tokens: readonly number[];
  /** The token at which attention is observed. */
  readonly tap: number;
  /** Tokens after which label log-probabilities are read. */
  readonly reads: readonly number[];
}

/** Which taps are returned. */
export interface Taps {
  readonly attentionOutput?: boolean;
  readonly attentionScores?: boolean;
  readonly contextScores?: boolean;
  readonly prefixScores?: boolean;
  readonly query?: boolean;
}

/**
 * The observation of one query: flat arrays, layer by layer, each present when requested. L layers,
 * H heads, D hidden size, dh head size, P prefix tokens.
 */
export interface Observed {
  /** [reads][C] log-probability of each label token over the whole vocabulary, in nats. */
  readonly logProbabilities: readonly (readonly number[])[];
  /** [L, D] */
  readonly attentionOutput?: Float32Array;
  /** [L, H, tap + 1] to the tokens of the query up to the tap. */
  readonly attentionScores?: Float32Array;
  /** [L, P] to the prefix, summed over heads. */
  readonly contextScores?: Float32Array;
  /** [L, H, P] to the prefix. */
  readonly prefixScores?: Float32Array;
  /** [L, H*dh] scaled. */
  readonly query?: Float32Array;
}

export interface ObservedBatch {
  readonly queries: readonly Observed[];
  /** Time inside the graph. */
  readonly seconds: number;
}

/**
 * Observes a batch of queries after one prefix. Queries do not see each other.
 *
 * @param labels token ids whose log-probabilities are read
 * @param doing for progress and error messages
 */
export async function observe(
  model: LoadedModel,
  { prefix, projections }: { readonly prefix: Prefix; readonly projections: Projections },
  queries: readonly Query[],
  { labels, taps = {}, doing }: { readonly labels: readonly number[]; readonly taps?: Taps; readonly doing: string },
): Promise<ObservedBatch> {
  const { runtime, decoder } = model;
  const T = Math.max(...queries.map(query => query.tokens.length));
  requireSamePositions(decoder, prefix.tokens.length + T);
  const { feeds, firstRows } = packedFeeds(
    queries.map(query => query.tokens),
    prefix.tokens.length,
  );
  const reads = queries.flatMap(({ reads }, b) => reads.map(t => firstRows[b]! + t));
  const asked = (Object.keys(tapNames) as (keyof Taps)[]).filter(tap => taps[tap]);
  const layers = Array.from({ length: decoder.layers }, (_, layer) => layer);
  const session = await model.session(observationGraph);
  const { fetched, seconds } = await runtime.run(session, {
    doing,
    feeds: fedInputs(session, {
      ...projections,
      ...prefix.feeds,
      ...feeds,
      [names.tapRows]: integers(
        [queries.length],
        queries.map(({ tap }, b) => firstRows[b]! + tap),
      ),
      [its.readRows]: integers([reads.length], reads),
      [its.labels]: integers([labels.length], labels),
    }),
    // Attention outputs are fetched in any case, so that an error names the first layer that is not
    // finite.
    fetch: [
      ...new Set([...layers.map(names.attentionOutput), ...asked.flatMap(tap => layers.map(tapNames[tap]))]),
      its.labelLogProbabilities,
    ],
  });
  const logProbabilities = fetched[its.labelLogProbabilities]!.data;
  let read = 0;
  const observed = queries.map((query, b) => ({
    logProbabilities: query.reads.map(() =>
      Array.from(logProbabilities.slice(read * labels.length, ++read * labels.length)),
    ),
    ...Object.fromEntries(
      asked.map(tap => {
        const perLayer = layers.map(layer => rowOf(fetched[tapNames[tap](layer)]!, b));
        return [
          tap,
          joined(tap === 'attentionScores' ? perLayer.map(row => firstColumns(row, T, query.tap + 1)) : perLayer),
        ];
      }),
    ),
  }));
  return { queries: observed, seconds };
}

/** Names of inputs and outputs of this graph alone. */
export const observationNames = {
  readRows: 'read_rows',
  labels: 'labels',
  labelLogProbabilities: 'label_log_probabilities',
  contextScores: (layer: number) => `layers.${layer}.context_scores`,
  prefixScores: (layer: number) => `layers.${layer}.prefix_scores`,
} as const;

const its = observationNames;

/**
 * B queries of up to T tokens, packed into N rows without padding, after one prefix ->
 * label_log_probabilities [R, C] of the C label tokens after each of the R read rows, and at the
 * tap row of each query layers.N.attention_output [B, D], .attention_scores [B, H, T] to the own
 * tokens, .prefix_scores [B, H, P] to the prefix, .context_scores [B, P] their sum over heads, .query
 * [B, H*dh].
 */
export const observationGraph: ModelGraph = {
  name: 'observation',
  outputs: decoder => {
    const pass = forward(decoder, 'packed', true);
    const tapRows = input(names.tapRows, 'int32', ['B']);
    const readRows = input(its.readRows, 'int32', ['R']);
    const labels = input(its.labels, 'int32', ['C']);
    const logits = pass.logits(g.gather(pass.hidden, readRows));
    const ofLabels = g.transpose(g.gather(g.transpose(logits, [1, 0]), labels), [1, 0]);
    const taps = perLayer(pass, ({ attention, qkv, keys, attentionOutput }, n) => {
      const query = g.gather(qkv.query, tapRows);
      const scores = scoresOfRows(decoder, query, attention.key, pass.prefix[n]!.key, keys);
      return {
        [names.attentionOutput(n)]: g.gather(attentionOutput, tapRows),
        [names.attentionScores(n)]: scores.own,
        [its.prefixScores(n)]: scores.prefix,
        [its.contextScores(n)]: g.reduceSum(scores.prefix, [1]),
        [names.query(n)]: query,
      };
    });
    return { ...taps, [its.labelLogProbabilities]: g.sub(ofLabels, logSumExp(logits)) };
  },
};

/**
 * log sum_j exp(x_j) along the last axis. The maximum is subtracted first: ReduceLogSumExp
 * overflows on WebGPU.
 */
function logSumExp(x: Tensor): Tensor {
  const largest = g.reduceMax(x);
  return g.add(largest, g.log(g.reduceSum(g.exp(g.sub(x, largest)), [-1], { keepAxes: true })));
}

const tapNames: Readonly<Record<keyof Taps, (layer: number) => string>> = {
  attentionOutput: names.attentionOutput,
  attentionScores: names.attentionScores,
  contextScores: its.contextScores,
  prefixScores: its.prefixScores,
  query: names.query,
};

/** Row b of [B, ...]. */
function rowOf(
  { dims, data }: { readonly dims: readonly number[]; readonly data: Float32Array | Int32Array },
  b: number,
): Float32Array {
  const size = data.length / dims[0]!;
  return (data as Float32Array).subarray(b * size, (b + 1) * size);
}

/** [H, T] -> [H, columns]: without padding and without tokens after the tap. */
function firstColumns(scores: Float32Array, T: number, columns: number): Float32Array {
  if (columns === T) return scores;
  const heads = scores.length / T;
  const cut = new Float32Array(heads * columns);
  for (let head = 0; head < heads; head++) cut.set(scores.subarray(head * T, head * T + columns), head * columns);
  return cut;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
