import { fillUniform, randomStream } from '../statistics/random.ts';
import { kendallTauB } from './kendall.ts';
import type { PerLayer } from './per-layer.ts';
import { tieToRounding } from './rounding.ts';

/** Separates the random vectors of this metric from those of others. */
const STREAM = 2;

/**
 * The N demonstration tokens: prompt and label of each demonstration, without BOS and separators.
 */
export interface TrainingTokens {
  /** [N] position of each in the prefix of the in-context setting: 0 <= index < P. */
  readonly prefixIndices: ArrayLike<number>;
  /**
   * For each layer [N, H*dh]: their scaled queries, recorded when finetuning fed that
   * demonstration, before its step.
   */
  readonly queries: readonly Float32Array[];
}

/**
 * Kendall of one example (Dai et al.): in every layer tau-b between in-context and finetuned
 * attention to the N demonstration tokens. In-context: scores of the tap to those tokens, summed
 * over heads (`contextScores` [L, P]). Finetuned: q . q_n over all heads, q the query of the tap in
 * the finetuned model (`query` [L, H*dh]) and q_n that of the token during training. The paper's
 * softmax is left out: it does not change the ranking, and its underflow would make ties. Null if
 * all tokens tie, up to rounding, in one of the two.
 */
export function kendall(contextScores: Float32Array, query: Float32Array, training: TrainingTokens): PerLayer {
  return kendallOfAttention(contextScores, trainingAttention(query, training), training);
}

/** Finetuned attention of a tap to the training tokens: q . q_n, [N] in each layer. */
export function trainingAttention(
  query: Float32Array,
  { queries }: Pick<TrainingTokens, 'queries'>,
): readonly Float64Array[] {
  const width = query.length / queries.length;
  return queries.map((trained, layer) => {
    return dotProducts(query, layer * width, width, trained, new Float64Array(trained.length / width));
  });
}

/** As `kendall`, from the finetuned attention. */
export function kendallOfAttention(
  contextScores: Float32Array,
  finetuned: readonly Float64Array[],
  { prefixIndices }: Pick<TrainingTokens, 'prefixIndices'>,
): PerLayer {
  return finetuned.map((attention, layer) =>
    tauOf(atTokens(contextScores, layer, finetuned.length, prefixIndices), attention),
  );
}

/**
 * Random baseline of `kendall`: tau-b between the in-context attention and a vector uniform on [0,
 * 1)^N with its own stream for each (seed, row, layer).
 */
export function kendallRandom(
  contextScores: Float32Array,
  prefixIndices: ArrayLike<number>,
  layers: number,
  seed: number,
  row: number,
): PerLayer {
  const random = new Float64Array(prefixIndices.length);
  return Array.from({ length: layers }, (_, layer) =>
    tauOf(
      atTokens(contextScores, layer, layers, prefixIndices),
      fillUniform(randomStream(STREAM, seed, row, layer), random),
    ),
  );
}

function tauOf(inContext: ArrayLike<number>, other: ArrayLike<number>): number | null {
  return tieToRounding(inContext) || tieToRounding(other) ? null : kendallTauB(inContext, other);
}

/** [N] of one layer of [L, P]. */
function atTokens(
  contextScores: Float32Array,
  layer: number,
  layers: number,
  prefixIndices: ArrayLike<number>,
): Float32Array {
  const start = (layer * contextScores.length) / layers;
  return Float32Array.from(prefixIndices, index => contextScores[start + index]!);
}

/** [N] = [N, D] x [D], the vector a slice of `query`; sums in float64. */
function dotProducts(
  query: Float32Array,
  start: number,
  width: number,
  rows: Float32Array,
  out: Float64Array,
): Float64Array {
  const vector = Float64Array.from(query.subarray(start, start + width));
  // Four rows at a time: each number of the vector is read once for them, and the four sums are
  // independent.
  let n = 0;
  for (; n + 3 < out.length; n += 4) {
    const [r0, r1, r2, r3] = [n * width, (n + 1) * width, (n + 2) * width, (n + 3) * width];
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let i = 0; i < width; i++) {
      const q = vector[i]!;
      a += q * rows[r0 + i]!;
      b += q * rows[r1 + i]!;
      c += q * rows[r2 + i]!;
      d += q * rows[r3 + i]!;
    }
    out[n] = a;
    out[n + 1] = b;
    out[n + 2] = c;
    out[n + 3] = d;
  }
  for (; n < out.length; n++) {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += vector[i]! * rows[n * width + i]!;
    out[n] = sum;
  }
  return out;
}
