/**
 * @file Chapter 2. An attention head without its softmax is a linear map of the query, to which every demonstration adds an outer
 * product (Dai et al., eq. 10-13). With X' the demonstration tokens and X the query's own, in rows:
 *
 *     F(q)  = softmax(q K^T / sqrt(d)) V                                        the head                     eq. 10
 *     F~(q) = sum_i v_i (k_i^T q)  over [X'; X]                                 softmax and scale left out   eq. 11
 *           = W_zsl q + dW_icl q,                                                                            eq. 12, 13
 *     W_zsl = sum over X of v_i k_i^T,   dW_icl = sum over X' of v'_i k'_i^T
 *
 * The values of the demonstrations are meta-gradients: they stand where error signals stand in chapter 1.
 */
import { type Check, checked } from './check.ts';
import { drawFrom } from './draw.ts';
import { linearAttention } from './linear-layer.ts';
import {
  dot,
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

/** What tokens leave in a head: keys and values, a row a token [tokens, dh]. */
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

/** The map that tokens make of a head without softmax: sum_i v_i k_i^T. W_zsl of the query's tokens, dW_icl of the demonstrations. */
export function mapOf({ keys, values }: KeysAndValues): Matrix {
  return sumOfOuterProducts(values, keys);
}

/**
 * dW_ft, the change of W_zsl by finetuning of the projections (Dai et al., section 3.2):
 *
 *     F~_ft(q) = (W_V + dW_V) X^T X (W_K + dW_K)^T q = (W_zsl + dW_ft) q
 *
 * @param before keys and values that the query's tokens leave with the pretrained projections
 * @param after with the changed ones
 */
export function finetuningUpdate(before: KeysAndValues, after: KeysAndValues): Matrix {
  return sum(mapOf(after), mapOf(before), -1);
}

/** A head of width 5 in a model of width 12 with 30 demonstration tokens, 7 query tokens, and changed projections. */
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
  const whole = project(weights, { ...own, rows: 37, data: stack(rowsOf(demonstrations, own)).data });
  const [before, after] = [project(weights, own), project(changed, own)];
  const zeroShot = mapOf(before);
  const rows = (m: Matrix) => rowsOf(m);
  const asMap = times(sum(zeroShot, mapOf(project(weights, demonstrations))), query);
  const asAttention = linearAttention(rows(whole.values), rows(whole.keys), query);
  const finetuned = linearAttention(rows(after.values), rows(after.keys), query);
  // W_V X^T X W_K^T, multiplied out of the changes of the projections
  const gram = product(transposed(own), own);
  const change = (m: Matrix, from: Matrix) => sum(m, from, -1);
  const sandwich = (value: Matrix, key: Matrix) => product(product(value, gram), transposed(key));
  const [dV, dK] = [change(changed.value, weights.value), change(changed.key, weights.key)];
  const multipliedOut = [sandwich(dV, weights.key), sandwich(weights.value, dK), sandwich(dV, dK)].reduce((a, b) =>
    sum(a, b),
  );
  return [
    checked(
      'head without softmax over [demonstrations; query] = (W_zsl + dW_icl) q (eq. 10-13)',
      largestDifference(asMap, asAttention),
    ),
    checked('W_zsl = W_V X^T X W_K^T', largestDifference(zeroShot.data, sandwich(weights.value, weights.key).data)),
    checked(
      'head with changed projections, without softmax = (W_zsl + dW_ft) q',
      largestDifference(finetuned, times(sum(zeroShot, finetuningUpdate(before, after)), query)),
    ),
    checked(
      'dW_ft multiplied out in dW_K and dW_V',
      largestDifference(finetuningUpdate(before, after).data, multipliedOut.data),
    ),
    checked(
      'softmax weights are positive and sum to one: a value seen by all keys comes out unchanged',
      Math.abs(dot(softmax(times(whole.keys, query)), new Float64Array(37).fill(1)) - 1),
    ),
  ];
}

function rowsOf(...parts: readonly Matrix[]): readonly Vector[] {
  return parts.flatMap(m => Array.from({ length: m.rows }, (_, i) => row(m, i)));
}
