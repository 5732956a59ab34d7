/**
 * @file Attention with a prefix. The tokens of B sequences attend to a prefix that they share (keys
 * and values of P earlier tokens, held once, never copied) and causally to their own sequence:
 *
 *     out = w A_m V_m + (1 - w) A_q V_q,   A_m = softmax(q K_m^T), A_q = softmax(mask(q K_q^T)),
 *     w = sigmoid(log sum exp(q K_m^T) - log sum exp(mask(q K_q^T)))
 *
 * This equals one softmax over [prefix; query] without joining the two score matrices. Only the
 * attention to the own sequence pads: elsewhere the N rows of all sequences are packed, so that the
 * product with the prefix is one large matrix product per key/value head.
 */
import { type Dimension, times } from '../graph/dimension.ts';
import * as g from '../graph/operators/index.ts';
import { logSumExp } from '../graph/operators/log-sum-exp.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Decoder, QueryKeyValue } from './decoder.ts';
import { ownDecay, prefixMomentum, type RowMomentum } from './momentum.ts';

/** Keys and values of the tokens before the query, as one layer reads them. G key/value heads. */
export interface PrefixInputs {
  /** [G, dh, P]: transposed for the product with the queries. */
  readonly key: Tensor;
  /** [G, P, dh] */
  readonly value: Tensor;
  /**
   * [1]: added to the log-sum of the prefix: 0, or -1e30 for no prefix. The engine cannot hold zero
   * tokens, so no prefix is one token of zeros with weight 0.
   */
  readonly logWeight: Tensor;
}

/** Which of S keys are visible: those of the own tokens or of the prefix. */
export interface Keys {
  /** int32 [S] */
  readonly positions: Tensor;
  /**
   * Added to the scores: 0 for visible keys, else -1e30: [T, 1, S]. Absent where all are visible.
   */
  readonly mask?: Tensor | undefined;
}

export interface BothKeys {
  readonly own: Keys;
  readonly prefix: Keys;
}

/** Where the packed rows of sequences are in a padded batch. */
export interface Packing {
  /** int32 [B, T]: the row of token t of sequence b; any row after its end. */
  readonly slots: Tensor;
  /** int32 [N]: the index b T + t of each row in the padded batch. */
  readonly places: Tensor;
}

/** B sequences of equal length, or packed ones of different lengths. */
export type Arrangement = { readonly batch: Dimension } | Packing;

export interface Attention {
  /** [N, H*dh] */
  readonly output: Tensor;
  /** Keys and values of these tokens: [G B, T, dh]. */
  readonly key: Tensor;
  readonly value: Tensor;
}

export function attend(
  decoder: Decoder,
  { query, key, value }: QueryKeyValue,
  arrangement: Arrangement,
  keys: BothKeys,
  prefix: PrefixInputs | undefined,
  momentum: RowMomentum | undefined,
): Attention {
  const { heads, keyValueHeads: G, headDim: dh } = decoder;
  const R = heads / G;
  const N = query.shape[0]!;
  const packing = 'slots' in arrangement ? arrangement : undefined;
  const batch = 'slots' in arrangement ? arrangement.slots.shape[0]! : arrangement.batch;
  const rows = times('T', R);
  /** [N, W] -> [B*T, W] */
  const spread = (x: Tensor) => (packing === undefined ? x : g.gather(x, packing.slots));
  /** [G B, T R, W] -> [N, H, W] */
  const collect = (x: Tensor, width: number) => {
    const byToken = g.transpose(g.reshape(x, [G, batch, 'T', R, width]), [1, 2, 0, 3, 4]);
    const flat = g.reshape(byToken, [times(batch, 'T'), heads * width]);
    return g.reshape(packing === undefined ? flat : g.gather(flat, packing.places), [N, heads, width]);
  };
  /** The product q k^T of `lead` sequences of `length` tokens, changed by the family and masked. */
  const finish = (product: Tensor, lead: Dimension, length: Dimension, { positions, mask }: Keys): Tensor => {
    const scores = finished(decoder, g.reshape(product, [G, lead, length, R, positions.shape[0]!]), positions);
    return g.reshape(mask === undefined ? scores : g.add(scores, mask), product.shape);
  };

  // [N, H*dh] -> [G B, T R, dh]: query head h reads key/value head floor(h / R). One list of
  // matrices: the engine fuses its transposition into products.
  const matrices = (x: Tensor, heads: number) => {
    const byHead = g.transpose(g.reshape(spread(x), [batch, 'T', G, heads, dh]), [2, 0, 1, 3, 4]);
    return g.reshape(byHead, [times(batch, G), times('T', heads), dh]);
  };
  const q = matrices(query, R);
  const k = matrices(key, 1);
  const v = matrices(value, 1);
  const ownScores = finish(g.matmul(q, g.transposeMatrices(k)), batch, 'T', keys.own);
  const ownWeights = g.softmax(ownScores);
  const decay = momentum && ownDecay(decoder, momentum.logEta, keys.own.positions);
  const weigh = (weights: Tensor) => collect(g.matmul(weights, v), dh);

  const join = (): Tensor => {
    if (prefix === undefined) {
      if (decay === undefined) return weigh(ownWeights);
      const weights = g.add(g.reshape(ownWeights, [G, batch, rows, 'T']), decay);
      return weigh(g.reshape(weights, ownWeights.shape));
    }
    const ownOutput = weigh(ownWeights);
    const flat = g.reshape(g.transpose(g.reshape(query, [N, G, R, dh]), [1, 0, 2, 3]), [G, times(N, R), dh]);
    const scores = finish(g.matmul(flat, prefix.key), 1, N, keys.prefix);
    const weights = g.softmax(scores);
    /** [G, N R, W] -> [N, H, W] */
    const byRow = (x: Tensor, width: number) =>
      g.reshape(g.transpose(g.reshape(x, [G, N, R, width]), [1, 0, 2, 3]), [N, heads, width]);
    const output = byRow(g.matmul(weights, prefix.value), dh);
    const logPrefix = byRow(g.add(logSumExp(scores, weights), prefix.logWeight), 1);
    const share = g.sigmoid(g.sub(logPrefix, collect(logSumExp(ownScores, ownWeights), 1)));
    const attended = g.add(ownOutput, g.mul(share, g.sub(output, ownOutput)));
    if (momentum === undefined) return attended;
    const before = { positions: keys.prefix.positions, value: prefix.value };
    const own = collect(g.matmul(decay!, g.reshape(v, [G, batch, 'T', dh])), dh);
    return g.add(attended, g.add(own, prefixMomentum(decoder, momentum, keys.own.positions, before)));
  };
  return { output: g.reshape(join(), [N, heads * dh]), key: k, value: v };
}

/** Scores [G, B, T, R, S] as the family changes them. */
function finished(decoder: Decoder, scores: Tensor, keyPositions: Tensor): Tensor {
  return decoder.finishScores?.(scores, keyPositions) ?? scores;
}

/** The scaled scores of single query rows, before mask and softmax. */
export interface RowScores {
  /** [N, H, T] to the tokens of the own sequence; those after the row are not masked. */
  readonly own: Tensor;
  /** [N, H, P] to the prefix. */
  readonly prefix: Tensor;
}

/**
 * Scores of one row in each sequence (N = B), computed again from the queries of that row: cheaper
 * than gathering them from the scores of all rows, and the pass is the same with and without taps.
 *
 * @param query [B, H*dh], the rows' queries
 * @param key [G B, T, dh]
 */
export function scoresOfRows(
  decoder: Decoder,
  query: Tensor,
  key: Tensor,
  prefixKey: Tensor,
  keys: BothKeys,
): RowScores {
  const { heads, keyValueHeads: G, headDim: dh } = decoder;
  const batch = query.shape[0]!;
  const R = heads / G;
  const q = g.transpose(g.reshape(query, [batch, G, R, dh]), [1, 0, 2, 3]);
  const read = (product: Tensor, { positions }: Keys): Tensor => {
    const S = positions.shape[0]!;
    const scores = finished(decoder, g.reshape(product, [G, batch, 1, R, S]), positions);
    return g.reshape(g.transpose(scores, [1, 2, 0, 3, 4]), [batch, heads, S]);
  };
  return {
    own: read(g.matmul(g.reshape(q, [times(batch, G), R, dh]), g.transposeMatrices(key)), keys.own),
    prefix: read(g.matmul(g.reshape(q, [G, times(batch, R), dh]), prefixKey), keys.prefix),
  };
}

/**
 * Scores of all rows of one sequence to prefix and own tokens, before the mask: [H, T, P+T].
 *
 * @param query [T, H*dh]
 * @param key [G, T, dh]
 */
export function scoresOfAll(decoder: Decoder, query: Tensor, key: Tensor, prefixKey: Tensor, keys: BothKeys): Tensor {
  const { heads, keyValueHeads: G, headDim: dh } = decoder;
  const R = heads / G;
  const q = g.reshape(g.transpose(g.reshape(query, ['T', G, R, dh]), [1, 0, 2, 3]), [G, times('T', R), dh]);
  const read = (key: Tensor, { positions }: Keys): Tensor => {
    const S = positions.shape[0]!;
    const scores = finished(decoder, g.reshape(g.matmul(q, key), [G, 1, 'T', R, S]), positions);
    return g.reshape(g.transpose(scores, [0, 3, 1, 2, 4]), [heads, 'T', S]);
  };
  return g.concat([read(prefixKey, keys.prefix), read(g.transposeMatrices(key), keys.own)], 2);
}
