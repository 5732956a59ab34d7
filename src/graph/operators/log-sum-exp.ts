import type { Tensor } from '../tensor.ts';
import { log } from './log.ts';
import { reduceMax } from './reduce-max.ts';
import { sub } from './sub.ts';

/**
 * log sum_j exp(x_j) over the last axis from x and its softmax y: at the largest entry y = exp(x - lse), so
 * lse = max x - log max y. max y is at least 1/n, hence never lost to underflow.
 */
export function logSumExp(x: Tensor, y: Tensor): Tensor {
  return sub(reduceMax(x), log(reduceMax(y)));
}
