export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** An interval; null at both ends, with `why`, if the spread is unknown. */
export interface Bounds {
  readonly low: number | null;
  readonly high: number | null;
  readonly why?: string;
}

/** The smallest reported p value: a tail below the smallest double is not 0. */
export const LEAST_P = Number.MIN_VALUE;

/** Differences below this share of the largest input are float64 rounding. */
const ROUNDING = 8 * Number.EPSILON;

/**
 * Whether values are equal up to float64 rounding.
 * @param size the largest magnitude among the numbers that they were computed from
 */
export function withoutSpread(values: ArrayLike<number>, size = largest(values)): boolean {
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i]! - values[0]!) > ROUNDING * size) return false;
  return true;
}

/** The largest magnitude among the values; 0 if there are none. */
export function largest(values: ArrayLike<number>): number {
  let size = 0;
  for (let i = 0; i < values.length; i++) size = Math.max(size, Math.abs(values[i]!));
  return size;
}
