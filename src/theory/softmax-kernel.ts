/**
 * @file Chapter 5. Softmax attention as a kernel: how much of chapter 2 holds with the softmax, and
 * how good its approximations are.
 *
 * exp(q . k) = phi(q) . phi(k) for features phi of infinitely many dimensions, so that the head is
 * still a sum of outer products, divided by a sum:
 *
 *     softmax(q K^T) V = (W_zsl + dW_icl) phi(q) / ((n_zsl + dn_icl) . phi(q)),
 *     W = sum_i v_i phi(k_i)^T,   n = sum_i phi(k_i)
 *
 * Features of finite dimension approximate it: those of the Taylor polynomial of exp, or random
 * ones (Choromanski et al. 2021, arXiv 2009.14794, positive features). For small scores, order 1
 * gives the mean of the values plus *centred* linear attention
 *
 *     softmax(s)^T V = m + 1/n sum_i (v_i - m) s_i + O(s^2),   m = 1/n sum_i v_i
 *
 * and not the relaxed head of eq. 11, which lacks the mean and the division.
 */
import { type KeysAndValues, mapOf, softmax, softmaxAttention } from './attention-head.ts';
import { type Check, checked } from './check.ts';
import { drawFrom } from './draw.ts';
import {
  dot,
  largestDifference,
  type Matrix,
  matrix,
  minus,
  norm,
  plus,
  row,
  scaled,
  stack,
  times,
  timesTransposed,
  type Vector,
  vector,
} from './matrix.ts';

/** Features of a key or query. */
export type Features = (x: Vector) => Vector;

/**
 * phi(x) . phi(y) = sum_(r <= order) (x . y)^r / r!: all products of up to `order` entries, over
 * sqrt(r!).
 */
export function taylorFeatures(order: number): Features {
  return x => {
    const features = [1];
    let products: readonly number[] = [1];
    for (let r = 1; r <= order; r++) {
      products = products.flatMap(p => Array.from(x, entry => (p * entry) / Math.sqrt(r)));
      features.push(...products);
    }
    return Float64Array.from(features);
  };
}

/** sum_(r <= order) s^r / r!: the kernel of taylorFeatures at a score. */
export function taylorExponential(score: number, order: number): number {
  let [term, total] = [1, 1];
  for (let r = 1; r <= order; r++) {
    term *= score / r;
    total += term;
  }
  return total;
}

/**
 * Positive random features: exp(w_j . x - |x|^2 / 2) / sqrt(m) for the m rows w_j, standard normal,
 * of `directions`.
 */
export function randomFeatures(directions: Matrix): Features {
  return x => {
    const half = dot(x, x) / 2;
    return times(directions, x).map(along => Math.exp(along - half) / Math.sqrt(directions.rows));
  };
}

/** A head in features: the map W = sum_i v_i phi(k_i)^T and the normaliser n = sum_i phi(k_i). */
export interface KernelHead {
  readonly map: Matrix;
  readonly normaliser: Vector;
}

export function kernelHead({ keys, values }: KeysAndValues, features: Features): KernelHead {
  const mapped = stack(Array.from({ length: keys.rows }, (_, i) => features(row(keys, i))));
  const ones = new Float64Array(keys.rows).fill(1);
  return { map: mapOf({ keys: mapped, values }), normaliser: timesTransposed(mapped, ones) };
}

/** W phi(q) / (n . phi(q)) */
export function kernelAttention({ map, normaliser }: KernelHead, features: Features, query: Vector): Vector {
  const q = features(query);
  return scaled(times(map, q), 1 / dot(normaliser, q));
}

/**
 * The head of two groups of tokens together: maps and normalisers add up, as W_zsl and dW_icl do.
 */
export function joined(a: KernelHead, b: KernelHead): KernelHead {
  return {
    map: { ...a.map, data: plus(a.map.data, b.map.data) },
    normaliser: plus(a.normaliser, b.normaliser),
  };
}

/**
 * m + 1/n sum_i (v_i - m) s_i, for scores s_i = scale q . k_i: softmax attention to first order in
 * the scores.
 */
export function firstOrderAttention({ keys, values }: KeysAndValues, query: Vector, scale: number): Vector {
  const n = keys.rows;
  const mean = scaled(timesTransposed(values, new Float64Array(n).fill(1)), 1 / n);
  const scores = times(keys, query);
  return scores.reduce((out, score, i) => plus(out, minus(row(values, i), mean), (scale * score) / n), mean);
}

/**
 * Softmax attention with exp replaced by its Taylor polynomial about the mean s of the scores s_i =
 * scale q . k_i (softmax does not depend on the mean): sum_i T(s_i - s) v_i / sum_i T(s_i - s).
 * Order 1 is `firstOrderAttention`. Odd orders may give negative weights.
 */
export function seriesAttention({ keys, values }: KeysAndValues, query: Vector, scale: number, order: number): Vector {
  const scores = times(keys, query);
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const weights = scores.map(score => taylorExponential(scale * (score - mean), order));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return scaled(timesTransposed(values, weights), 1 / total);
}

/** |a - b| / |b| */
export function relativeError(a: Vector, b: Vector): number {
  return norm(minus(a, b)) / norm(b);
}

/** Keys and values of `tokens` tokens and a query, of size 4. */
export function kernelExample(seed: number, tokens = 24) {
  const draw = drawFrom(seed, 5);
  const width = 4;
  return {
    tokens: { keys: draw.matrix(tokens, width), values: draw.matrix(tokens, width) },
    query: draw.vector(width),
    directions: (count: number) => drawFrom(seed, 5, count).matrix(count, width),
    width,
  };
}

export function checkSoftmaxKernel(seed: number): readonly Check[] {
  const { tokens, query } = kernelExample(seed);
  const part = (from: number, to: number): KeysAndValues => {
    const cut = (m: Matrix) => stack(Array.from({ length: to - from }, (_, i) => row(m, from + i)));
    return { keys: cut(tokens.keys), values: cut(tokens.values) };
  };
  const [demonstrations, own] = [part(0, 17), part(17, 24)];
  const order = 3;
  const features = taylorFeatures(order);
  const whole = joined(kernelHead(own, features), kernelHead(demonstrations, features));
  const scores = times(tokens.keys, query);
  const weights = scores.map(score => taylorExponential(score, order));
  const total = dot(weights, new Float64Array(24).fill(1));
  const direct = scaled(timesTransposed(tokens.values, weights), 1 / total);
  // Size 1, because order 12 has size^12 features. At these scores it is exact to rounding, and
  // order 8 exceeds the tolerance.
  const twelfth = taylorFeatures(12);
  const first = (m: Matrix) => matrix(m.rows, 1, i => row(m, i)[0]!);
  const flat = { keys: first(tokens.keys), values: tokens.values };
  const small = Float64Array.of(0.5 / Math.max(...flat.keys.data.map(Math.abs)));
  const share = shareOf(demonstrations, own, query);
  const merged = plus(
    scaled(softmaxAttention(demonstrations, query, 1), share),
    softmaxAttention(own, query, 1),
    1 - share,
  );
  const largest = Math.max(...scores.map(Math.abs));
  const halved = [1e-3, 5e-4].map(size => {
    const q = scaled(query, size / largest);
    return norm(minus(firstOrderAttention(tokens, q, 1), softmaxAttention(tokens, q, 1)));
  });
  return [
    checked(
      'kernel of the Taylor features = Taylor polynomial of exp (order 3)',
      largestDifference(
        weights,
        vector(24, i => dot(features(query), features(row(tokens.keys, i)))),
      ),
    ),
    checked(
      'attention with that kernel = (W_zsl + dW_icl) phi(q) / ((n_zsl + dn_icl) . phi(q))',
      largestDifference(direct, kernelAttention(whole, features, query)),
    ),
    checked(
      'order 12 at scores up to 0.5 = softmax attention',
      largestDifference(kernelAttention(kernelHead(flat, twelfth), twelfth, small), softmaxAttention(flat, small, 1)),
    ),
    checked(
      'first order = mean of the values + centred linear attention',
      largestDifference(seriesAttention(tokens, query, 1, 1), firstOrderAttention(tokens, query, 1)),
    ),
    checked(
      'softmax over [demonstrations; query] = two softmaxes, merged by the share of the demonstrations',
      largestDifference(merged, softmaxAttention(tokens, query, 1)),
    ),
    checked(
      'error of first order falls as the square of the scores: halved scores, a quarter of the error',
      Math.abs(halved[1]! / halved[0]! - 0.25),
      1e-3,
    ),
  ];
}

/** The first group's share of the softmax weight of both. */
export function shareOf(first: KeysAndValues, second: KeysAndValues, query: Vector): number {
  const weights = softmax(Float64Array.of(...times(first.keys, query), ...times(second.keys, query)));
  return weights.subarray(0, first.keys.rows).reduce((total, weight) => total + weight, 0);
}
