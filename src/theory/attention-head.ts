/**
 * @file Chapter 2. An attention head without its softmax is a linear map of the query, to which
 * every demonstration adds an outer product (Dai et al., eq. 10-13). With X' the demonstration
 * tokens and X the query's own, in rows:
 *
 *     F(q)  = softmax(q K^T / sqrt(d)) V                                        the head                     eq. 10
 *     F~(q) = sum_i v_i (k_i^T q)  over [X'; X]                                 softmax and scale left out   eq. 11
 *           = W_zsl q + dW_icl q,                                                                            eq. 12, 13
 *     W_zsl = sum over X of v_i k_i^T,   dW_icl = sum over X' of v'_i k'_i^T
 *
 * The values of the demonstrations are meta-gradients: they take the place of the error signals of
 * chapter 1.
 */
import { type Check, checked } from './check.ts';
import { drawFrom } from './draw.ts';
import { linearAttention } from './linear-layer.ts';
import {
  largestDifference,
  type Matrix,
  product,
  row,
  stack,
  sum,
  sumOfOuterProducts,
  times,
  timesTransposed,
  transposed,
  type Vector,
} from './matrix.ts';

/** The projections of one head. */
export interface HeadWeights {
  /** [dh, D] each */
  readonly key: Matrix;
  readonly value: Matrix;
}

/** Keys and values of tokens in a head, one row per token [tokens, dh]. */
export interface KeysAndValues {
  readonly keys: Matrix;
  readonly values: Matrix;
}

/** Keys and values of tokens X [tokens, D]. */
export function project({ key, value }: HeadWeights, X: Matrix): KeysAndValues {
  return { keys: product(X, transposed(key)), values: product(X, transposed(value)) };
}

/** Softmax attention: sum_i softmax(scale q . k)_i v_i. */
export function softmaxAttention({ keys, values }: KeysAndValues, query: Vector, scale: number): Vector {
  return timesTransposed(values, softmax(times(keys, query).map(score => scale * score)));
}

export function softmax(scores: Vector): Vector {
  const largest = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
  const powers = scores.map(score => Math.exp(score - largest));
  const total = powers.reduce((all, power) => all + power, 0);
  return powers.map(power => power / total);
}

/**
 * The linear map of a head without softmax over these tokens: sum_i v_i k_i^T. W_zsl for the
 * query's tokens, dW_icl for the demonstrations.
 */
export function mapOf({ keys, values }: KeysAndValues): Matrix {
  return sumOfOuterProducts(values, keys);
}

/**
 * dW_ft, the change of W_zsl by finetuning the projections (Dai et al., section 3.2):
 *
 *     F~_ft(q) = (W_V + dW_V) X^T X (W_K + dW_K)^T q = (W_zsl + dW_ft) q
 *
 * @param before keys and values of the query's tokens with the pretrained projections
 * @param after with the changed ones
 */
export function finetuningUpdate(before: KeysAndValues, after: KeysAndValues): Matrix {
  return sum(mapOf(after), mapOf(before), -1);
}

/**
 * A head of size 5 in a model of hidden size 12 with 30 demonstration tokens, 7 query tokens, and
 * changed projections.
 */
export function attentionHeadExample(seed: number) {
  const draw = drawFrom(seed, 2);
  const [D, dh] = [12, 5];
  const weights = { key: draw.matrix(dh, D, D ** -0.5), value: draw.matrix(dh, D, D ** -0.5) };
  const changed = {
    key: sum(weights.key, draw.matrix(dh, D, 0.05)),
    value: sum(weights.value, draw.matrix(dh, D, 0.05)),
  };
  return { weights, changed, demonstrations: draw.matrix(30, D), own: draw.matrix(7, D), query: draw.vector(dh) };
}

export function checkAttentionHead(seed: number): readonly Check[] {
  const { weights, changed, demonstrations, own, query } = attentionHeadExample(seed);
  const whole = project(weights, stack(rowsOf(demonstrations, own)));
  const [before, after] = [project(weights, own), project(changed, own)];
  const zeroShot = mapOf(before);
  const asMap = times(sum(zeroShot, mapOf(project(weights, demonstrations))), query);
  const asAttention = linearAttention(rowsOf(whole.values), rowsOf(whole.keys), query);
  const finetuned = linearAttention(rowsOf(after.values), rowsOf(after.keys), query);
  // W_V X^T X W_K^T, multiplied out of the changes of the projections
  const gram = product(transposed(own), own);
  const change = (m: Matrix, from: Matrix) => sum(m, from, -1);
  const sandwich = (value: Matrix, key: Matrix) => product(product(value, gram), transposed(key));
  const [dV, dK] = [change(changed.value, weights.value), change(changed.key, weights.key)];
  const multipliedOut = [sandwich(dV, weights.key), sandwich(weights.value, dK), sandwich(dV, dK)].reduce((a, b) =>
    sum(a, b),
  );
  const scale = query.length ** -0.5;
  return [
    checked(
      'head without softmax over [demonstrations; query] = (W_zsl + dW_icl) q (eq. 10-13)',
      largestDifference(asMap, asAttention),
    ),
    checked('W_zsl = W_V X^T X W_K^T', largestDifference(zeroShot.data, sandwich(weights.value, weights.key).data)),
    checked(
      'head with changed projections, without softmax = (W_zsl + dW_ft) q, dW_ft multiplied out in dW_K and dW_V',
      largestDifference(finetuned, times(sum(zeroShot, multipliedOut), query)),
    ),
    checked(
      'dW_ft multiplied out in dW_K and dW_V = map with the changed projections - map with the pretrained ones',
      largestDifference(finetuningUpdate(before, after).data, multipliedOut.data),
    ),
    checked(
      'head with softmax (eq. 10) = values weighted by 1 / sum_j exp((k_j - k_i) . q / sqrt(d))',
      largestDifference(softmaxAttention(whole, query, scale), byRatios(whole, query, scale)),
    ),
  ];
}

/**
 * Softmax attention from the ratios of its weights: w_i = 1 / sum_j w_j / w_i = 1 / sum_j exp(scale
 * (k_j - k_i) . q).
 */
function byRatios({ keys, values }: KeysAndValues, query: Vector, scale: number): Vector {
  const scores = times(keys, query);
  const weights = scores.map(own => 1 / scores.reduce((sum, other) => sum + Math.exp(scale * (other - own)), 0));
  return timesTransposed(values, weights);
}

function rowsOf(...parts: readonly Matrix[]): readonly Vector[] {
  return parts.flatMap(m => Array.from({ length: m.rows }, (_, i) => row(m, i)));
}
