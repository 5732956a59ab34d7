import { fillUniform, randomStream } from '../statistics/random.ts';
import { kendallTauB } from './kendall.ts';
import type { PerLayer } from './per-layer.ts';

/** Keeps the random vectors of this metric apart from those of others. */
const STREAM = 2;

/** The demonstration tokens, N in all: prompt and label of each demonstration, no document start, no separators. */
export interface TrainingTokens {
  /** [N] where each stands in the memory of the in-context setting: 0 <= index < P. */
  readonly memoryIndices: ArrayLike<number>;
  /** For each layer [N, H*dh]: their scaled queries, recorded while finetuning fed that demonstration, before its step. */
  readonly queries: readonly Float32Array[];
}

/**
 * Kendall of one example (Dai et al.): in every layer tau-b between in-context and finetuned attention to
 * the N demonstration tokens. In-context: scores of the tap to those tokens, summed over heads (`contextScores` [L, P]).
 * Finetuned: q . q_n over the whole width, q the query of the tap in the finetuned model (`query` [L, H*dh]) and q_n
 * that of the token while it was trained on. The softmax of the paper is left out: it does not change the ranking, and
 * its underflow would make ties. Null where all tokens tie in one of the two.
 */
export function kendall(
  contextScores: Float32Array,
  query: Float32Array,
  { memoryIndices, queries }: TrainingTokens,
): PerLayer {
  const layers = queries.length;
  const width = query.length / layers;
  const finetuned = new Float64Array(memoryIndices.length);
  return queries.map((trained, layer) =>
    kendallTauB(
      atTokens(contextScores, layer, layers, memoryIndices),
      dotProducts(query, layer * width, width, trained, finetuned),
    ),
  );
}

/** Random baseline of `kendall`: tau-b between the in-context attention and a vector uniform on [0, 1)^N, drawn for each (seed, row, layer). */
export function kendallRandom(
  contextScores: Float32Array,
  memoryIndices: ArrayLike<number>,
  layers: number,
  seed: number,
  row: number,
): PerLayer {
  const random = new Float64Array(memoryIndices.length);
  return Array.from({ length: layers }, (_, layer) =>
    kendallTauB(
      atTokens(contextScores, layer, layers, memoryIndices),
      fillUniform(randomStream(STREAM, seed, row, layer), random),
    ),
  );
}

/** [N] of one layer of [L, P]. */
function atTokens(
  contextScores: Float32Array,
  layer: number,
  layers: number,
  memoryIndices: ArrayLike<number>,
): Float32Array {
  const start = (layer * contextScores.length) / layers;
  return Float32Array.from(memoryIndices, index => contextScores[start + index]!);
}

/** [N] = [N, D] x [D], the vector being a slice of `query`. */
function dotProducts(
  query: Float32Array,
  start: number,
  width: number,
  rows: Float32Array,
  out: Float64Array,
): Float64Array {
  for (let n = 0; n < out.length; n++) {
    const row = n * width;
    // Four sums at once: one alone waits for each addition.
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let i = 0;
    for (; i + 3 < width; i += 4) {
      a += query[start + i]! * rows[row + i]!;
      b += query[start + i + 1]! * rows[row + i + 1]!;
      c += query[start + i + 2]! * rows[row + i + 2]!;
      d += query[start + i + 3]! * rows[row + i + 3]!;
    }
    for (; i < width; i++) a += query[start + i]! * rows[row + i]!;
    out[n] = a + b + (c + d);
  }
  return out;
}
