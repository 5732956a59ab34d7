import * as g from '../../graph/operators/index.ts';
import { constant, type Tensor } from '../../graph/tensor.ts';

/**
 * Slopes of attention with linear biases (Press et al. 2022): 2^(-8 i / n), i = 1 ... n for n = 2^k
 * heads; for other numbers those of the next lower power of two, then every second one of the next
 * higher power.
 */
export function alibiSlopes(heads: number): Float32Array {
  const lower = 2 ** Math.floor(Math.log2(heads));
  const series = (n: number, i: number) => 2 ** ((-8 * i) / n);
  return Float32Array.from({ length: heads }, (_, head) =>
    head < lower ? series(lower, head + 1) : series(2 * lower, 2 * (head - lower) + 1),
  );
}

/**
 * Scores [G, B, T, R, S] with G R = heads, plus slope times key position. The position of the query
 * would add the same to all keys.
 */
export function addAlibi(scores: Tensor, keyPositions: Tensor, slopes: Float32Array): Tensor {
  const [G, , , R] = scores.shape as [number, unknown, unknown, number];
  const positions = g.reshape(g.cast(keyPositions, 'float32'), [1, 1, 1, 1, keyPositions.shape[0]!]);
  return g.add(scores, g.mul(constant(slopes, [G, 1, 1, R, 1]), positions));
}
