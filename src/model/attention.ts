/**
 * @file Attention with memory. The query tokens of B sequences attend to a memory that all of them share (keys and values
 * of P earlier tokens, held once, never copied) and causally to their own sequence:
 *
 *     out = w A_m V_m + (1 - w) A_q V_q,   A_m = softmax(q K_m^T), A_q = softmax(mask(q K_q^T)),
 *     w = sigmoid(log sum exp(q K_m^T) - log sum exp(mask(q K_q^T)))
 *
 * which equals one softmax over [memory; query] without ever joining the two score matrices. The rows of all sequences
 * stand below each other in the product with the memory, so that it is one large matrix product per key/value head.
 */
import { type Dimension, plus, times } from '../graph/dimension.ts';
import * as g from '../graph/operators/index.ts';
import { constant, type Tensor } from '../graph/tensor.ts';
import type { Projections, Sizes } from './decoder.ts';

/** Keys and values of the tokens before the query, as one layer reads them. G key/value heads. */
export interface MemoryInputs {
  /** [G, dh, P]: transposed, as the product with the queries wants it. */
  readonly key: Tensor;
  /** [G, P, dh] */
  readonly value: Tensor;
  /**
   * [1]: added to the log-sum of the memory. 0 for a memory; a very negative number for none, which the engine cannot hold
   * as zero tokens: one token of zeros then weighs exactly nothing.
   */
  readonly logWeight: Tensor;
}

/** Which keys a token sees: bool masks [T, 1, keys] that must all hold. */
export interface Visible {
  readonly own: readonly Tensor[];
  readonly memory: readonly Tensor[];
}

export interface Attention {
  /** [B*T, H*dh] */
  readonly output: Tensor;
  /** What these tokens leave for those that come after: [G, B, dh, T] and [G, B, T, dh]. */
  readonly key: Tensor;
  readonly value: Tensor;
}

const HIDDEN = constant(-1e30);

/**
 * @param batch B: how many sequences stand in the rows
 */
export function attend(
  { heads, keyValueHeads: G, headWidth: dh }: Sizes,
  { query, key, value }: Projections,
  batch: Dimension,
  visible: Visible,
  memory: MemoryInputs | undefined,
): Attention {
  const R = heads / G;
  const rows = times('T', R);
  // [B*T, H*dh] -> [G, B, T, R, dh]: query head h reads key/value head floor(h / R)
  const q = g.transpose(g.reshape(query, [batch, 'T', G, R, dh]), [2, 0, 1, 3, 4]);
  const k = g.transpose(g.reshape(key, [batch, 'T', G, dh]), [2, 0, 3, 1]);
  const v = g.transpose(g.reshape(value, [batch, 'T', G, dh]), [2, 0, 1, 3]);

  const own = g.matrixMultiply(g.reshape(q, [G, batch, rows, dh]), k);
  const ownScores = g.reshape(hide(g.reshape(own, [G, batch, 'T', R, 'T']), visible.own), own.shape);
  const ownWeights = g.softmax(ownScores);
  const ownOutput = g.matrixMultiply(ownWeights, v);

  const join = (): Tensor => {
    if (memory === undefined) return ownOutput;
    const all = times(batch, rows);
    const unmasked = g.matrixMultiply(g.reshape(q, [G, all, dh]), memory.key);
    const scores = g.reshape(hide(g.reshape(unmasked, [G, batch, 'T', R, 'P']), visible.memory), unmasked.shape);
    const weights = g.softmax(scores);
    const output = g.reshape(g.matrixMultiply(weights, memory.value), [G, batch, rows, dh]);
    const logMemory = g.reshape(g.add(logSumExp(scores, weights), memory.logWeight), [G, batch, rows, 1]);
    const share = g.sigmoid(g.subtract(logMemory, logSumExp(ownScores, ownWeights)));
    return g.add(ownOutput, g.multiply(share, g.subtract(output, ownOutput)));
  };
  const headsFirst = g.reshape(join(), [G, batch, 'T', R, dh]);
  const output = g.reshape(g.transpose(headsFirst, [1, 2, 0, 3, 4]), [times(batch, 'T'), heads * dh]);
  return { output, key: k, value: v };
}

function hide(scores: Tensor, masks: readonly Tensor[]): Tensor {
  return masks.reduce((x, mask) => g.where(mask, x, HIDDEN), scores);
}

/**
 * log sum_j exp(x_j) over the last axis from x and its softmax y: at the largest entry y = exp(x - lse), so
 * lse = max x - log max y. max y is at least 1/n, hence never lost to underflow.
 */
function logSumExp(x: Tensor, y: Tensor): Tensor {
  return g.subtract(g.reduceMax(x), g.logarithm(g.reduceMax(y)));
}

/** The scaled scores of single query rows, before mask and softmax. */
export interface RowScores {
  /** [N, H, T] to the tokens of the own sequence; those after the row are not masked. */
  readonly own: Tensor;
  /** [N, H, P] to the memory. */
  readonly memory: Tensor;
}

/**
 * Scores of one row in each sequence (N = B), computed anew from the row's queries: cheaper than picking them out of the
 * scores of all rows, and the pass stays the same with and without taps.
 *
 * @param query [B, H*dh], the rows' queries
 * @param key [G, B, dh, T]
 */
export function scoresOfRows(
  { heads, keyValueHeads: G, headWidth: dh }: Sizes,
  query: Tensor,
  key: Tensor,
  memoryKey: Tensor,
): RowScores {
  const batch = query.shape[0]!;
  const R = heads / G;
  const q = g.transpose(g.reshape(query, [batch, G, R, dh]), [1, 0, 2, 3]);
  const own = g.transpose(g.matrixMultiply(q, key), [1, 0, 2, 3]);
  const behind = g.matrixMultiply(g.reshape(q, [G, times(batch, R), dh]), memoryKey);
  const memory = g.transpose(g.reshape(behind, [G, batch, R, 'P']), [1, 0, 2, 3]);
  return { own: g.reshape(own, [batch, heads, 'T']), memory: g.reshape(memory, [batch, heads, 'P']) };
}

/**
 * Scores of all rows of one sequence to memory and own tokens, before the mask: [H, T, P+T].
 *
 * @param query [T, H*dh]
 * @param key [G, 1, dh, T]
 */
export function scoresOfAll(
  { heads, keyValueHeads: G, headWidth: dh }: Sizes,
  query: Tensor,
  key: Tensor,
  memoryKey: Tensor,
): Tensor {
  const R = heads / G;
  const q = g.reshape(g.transpose(g.reshape(query, ['T', G, R, dh]), [1, 2, 0, 3]), [G, times(R, 'T'), dh]);
  const own = g.matrixMultiply(q, g.reshape(key, [G, dh, 'T']));
  const joined = g.concatenate([g.matrixMultiply(q, memoryKey), own], 2);
  return g.reshape(joined, [heads, 'T', plus('P', 'T')]);
}
