import type { Interval } from './interval.ts';

/** 97.5 % point of the normal distribution: two-sided 95 % intervals. */
const NORMAL_975 = 1.959963984540054;

/**
 * Wilson score interval of a proportion, as fractions. With p = successes / n and the normal
 * quantile z
 *
 *     (p + z^2/2n  +-  z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)
 *
 * Null without trials. `z` defaults to 1.96 (95 %).
 */
export function wilson(successes: number, n: number, z: number = NORMAL_975): Interval | null {
  if (!Number.isInteger(successes) || !Number.isInteger(n) || successes < 0 || successes > n) {
    throw new RangeError(`wilson: ${successes} successes in ${n} trials`);
  }
  if (n === 0) return null;
  const p = successes / n;
  const scale = 1 + (z * z) / n;
  const centre = (p + (z * z) / (2 * n)) / scale;
  const half = (z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))) / scale;
  // The ends are exactly 0 and 1 in exact arithmetic; rounding gives 1e-17.
  return { low: successes === 0 ? 0 : centre - half, high: successes === n ? 1 : centre + half };
}
