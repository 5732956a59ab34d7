import type { Tensor } from '../tensor.ts';
import { logarithm } from './logarithm.ts';
import { reduceMax } from './reduce-max.ts';
import { subtract } from './subtract.ts';

/**
 * log sum_j exp(x_j) over the last axis from x and its softmax y: at the largest entry y = exp(x - lse), so
 * lse = max x - log max y. max y is at least 1/n, hence never lost to underflow.
 */
export function logSumExp(x: Tensor, y: Tensor): Tensor {
  return subtract(reduceMax(x), logarithm(reduceMax(y)));
}
