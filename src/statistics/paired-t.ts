import { studentTPoint, studentTWithin } from './student-t.ts';
import type { Interval } from './wilson.ts';

/** A mean with what is known of it from few values, here the mean of paired differences. */
export interface MeanDifference extends Interval {
  readonly difference: number;
  /** Two-sided, of the hypothesis that the true mean difference is 0. */
  readonly p: number;
  /** Pairs. */
  readonly n: number;
}

/**
 * Paired t test. With the differences d_i = a_i - b_i, their mean d and standard deviation s (n - 1 in the denominator)
 *
 *     d  +-  t s / sqrt(n),   t the point of Student's distribution with n - 1 degrees of freedom
 *
 * Null with fewer than two pairs. Differences that are all the same leave an interval of no width; p is then 1 when they
 * are 0 and else 0.
 */
export function pairedT(a: ArrayLike<number>, b: ArrayLike<number>, confidence = 0.95): MeanDifference | null {
  const n = a.length;
  if (b.length !== n) throw new RangeError(`pairedT: ${n} and ${b.length} values`);
  if (n < 2) return null;
  const differences = Float64Array.from({ length: n }, (_, i) => a[i]! - b[i]!);
  const { mean, low, high, error } = meanWithInterval(differences, confidence)!;
  const p = error === 0 ? (mean === 0 ? 1 : 0) : Math.max(0, 1 - studentTWithin(Math.abs(mean) / error, n - 1));
  return { difference: mean, low, high, p, n };
}

/** Mean, its standard error and its t interval; null with fewer than two values. */
export function meanWithInterval(
  values: ArrayLike<number>,
  confidence = 0.95,
): (Interval & { readonly mean: number; readonly error: number }) | null {
  const n = values.length;
  if (n < 2) return null;
  const list = Array.from(values);
  const mean = list.reduce((sum, x) => sum + x, 0) / n;
  // Equal values have no spread, whatever rounding leaves of their mean.
  const equal = list.every(x => x === list[0]);
  const error = equal ? 0 : Math.sqrt(list.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1) / n);
  const half = error * studentTPoint(confidence, n - 1);
  return { mean, error, low: mean - half, high: mean + half };
}
