/** @file What is read of queries: label log-probabilities and taps at one token, batch by batch. */
import { names } from '../model/graphs.ts';
import type { LoadedModel, Projections } from '../model/loaded-model.ts';
import { fedInputs, integers, type Prefix, packedFeeds, requireSamePositions } from '../model/prefix.ts';

export interface Query {
  /** Tokens of the query, label included where one is fed. */
  readonly tokens: readonly number[];
  /** The token at which attention is observed. */
  readonly tap: number;
  /** Tokens after which label log-probabilities are read. */
  readonly reads: readonly number[];
}

/** Which taps cross to the caller. */
export interface Taps {
  readonly attentionOutput?: boolean;
  readonly attentionScores?: boolean;
  readonly contextScores?: boolean;
  readonly query?: boolean;
}

/** Of one query; layer-major flat arrays, each present when asked. L layers, H heads, D width, dh head width, P prefix. */
export interface Observed {
  /** [reads][C] log-probability of each label token over the whole vocabulary, in nats. */
  readonly logProbabilities: readonly (readonly number[])[];
  /** [L, D] */
  readonly attentionOutput?: Float32Array;
  /** [L, H, tap + 1] to the tokens of the query up to the tap. */
  readonly attentionScores?: Float32Array;
  /** [L, P] to the prefix, summed over heads. */
  readonly contextScores?: Float32Array;
  /** [L, H*dh] scaled. */
  readonly query?: Float32Array;
}

export interface ObservedBatch {
  readonly queries: readonly Observed[];
  /** Time inside the graph. */
  readonly seconds: number;
}

/**
 * Observes a batch of queries behind one prefix: each query is answered as if it stood alone.
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
  const session = await model.session('observation');
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
      [names.readRows]: integers([reads.length], reads),
      [names.labels]: integers([labels.length], labels),
    }),
    // Attention outputs cross in any case: where numbers leave the finite ones, the first bad layer is named.
    fetch: [
      ...new Set([...layers.map(names.attentionOutput), ...asked.flatMap(tap => layers.map(tapNames[tap]))]),
      names.labelLogProbabilities,
    ],
  });
  const logProbabilities = fetched[names.labelLogProbabilities]!.data;
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

const tapNames: Readonly<Record<keyof Taps, (layer: number) => string>> = {
  attentionOutput: names.attentionOutput,
  attentionScores: names.attentionScores,
  contextScores: names.contextScores,
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

/** [H, T] -> [H, columns]: without the padding and what stands after the tap. */
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
