import type { Tensor } from '../tensor.ts';
import { log } from './log.ts';
import { reduceMax } from './reduce-max.ts';
import { sub } from './sub.ts';

/**
 * lse = log sum_j exp(x_j) over the last axis, from x and its softmax y: y = exp(x - lse) at the
 * maximum, so lse = max x - log max y. There y is at least 1/n and does not underflow.
 */
export function logSumExp(x: Tensor, y: Tensor): Tensor {
  return sub(reduceMax(x), log(reduceMax(y)));
}
