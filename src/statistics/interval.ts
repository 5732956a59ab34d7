export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** An interval; null at both ends, with `why`, where nothing is known of the spread. */
export interface Bounds {
  readonly low: number | null;
  readonly high: number | null;
  readonly why?: string;
}

/** The least p value that is told: a tail below the smallest double is not 0. */
export const LEAST_P = Number.MIN_VALUE;

/** Values that part by less than this share of the largest number behind them part by rounding in float64. */
const ROUNDING = 8 * Number.EPSILON;

/** Whether values have no spread but the rounding of float64. @param size the largest of the numbers that they were computed from */
export function withoutSpread(values: ArrayLike<number>, size = largest(values)): boolean {
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i]! - values[0]!) > ROUNDING * size) return false;
  return true;
}

/** The largest magnitude among the values; 0 of none. */
export function largest(values: ArrayLike<number>): number {
  let size = 0;
  for (let i = 0; i < values.length; i++) size = Math.max(size, Math.abs(values[i]!));
  return size;
}
