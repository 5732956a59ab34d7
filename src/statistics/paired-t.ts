import { type Bounds, largest, withoutSpread } from './interval.ts';
import { studentTBeyond, studentTPoint } from './student-t.ts';

/** A mean with its t interval. */
export interface MeanWithInterval extends Bounds {
  readonly mean: number;
  /** Standard error; 0 without spread. */
  readonly error: number;
}

/** The mean of paired differences with its uncertainty. */
export interface MeanDifference extends Bounds {
  readonly difference: number;
  /**
   * Two-sided p of the hypothesis that the true mean difference is 0; null, with `why`, without
   * spread.
   */
  readonly p: number | null;
  /** Number of pairs. */
  readonly n: number;
}

/**
 * Paired t test. With the differences d_i = a_i - b_i, their mean d and standard deviation s (n - 1
 * in the denominator)
 *
 *     d  +-  t s / sqrt(n),   t the point of Student's distribution with n - 1 degrees of freedom
 *
 * Null with fewer than two pairs. If all differences are equal up to float64 rounding, their spread
 * is unknown: interval and p are null.
 */
export function pairedT(a: ArrayLike<number>, b: ArrayLike<number>, confidence = 0.95): MeanDifference | null {
  const n = a.length;
  if (b.length !== n) throw new RangeError(`pairedT: ${n} and ${b.length} values`);
  if (n < 2) return null;
  const differences = Float64Array.from({ length: n }, (_, i) => a[i]! - b[i]!);
  const size = Math.max(largest(a), largest(b));
  const { mean, error, ...bounds } = tInterval(differences, { confidence, size, noun: 'differences' });
  return { difference: mean, ...bounds, p: error === 0 ? null : studentTBeyond(Math.abs(mean) / error, n - 1), n };
}

/** Mean, its standard error and its t interval; null with fewer than two values. */
export function meanWithInterval(values: ArrayLike<number>, confidence = 0.95): MeanWithInterval | null {
  return values.length < 2 ? null : tInterval(values, { confidence, size: largest(values), noun: 'values' });
}

function tInterval(
  values: ArrayLike<number>,
  { confidence, size, noun }: { readonly confidence: number; readonly size: number; readonly noun: string },
): MeanWithInterval {
  const list = Array.from(values);
  const n = list.length;
  const mean = list.reduce((sum, x) => sum + x, 0) / n;
  const error = Math.sqrt(list.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1) / n);
  // Squares of numbers below 1e-162 underflow to 0.
  if (error === 0 || withoutSpread(list, size)) {
    return { mean: list[0]!, error: 0, low: null, high: null, why: `all ${n} ${noun} are the same` };
  }
  const half = error * studentTPoint(confidence, n - 1);
  return { mean, error, low: mean - half, high: mean + half };
}
