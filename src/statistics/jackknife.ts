import { type Estimate, estimateOf, withoutInterval } from './estimate.ts';
import { withoutSpread } from './interval.ts';

/** One factor of the data: the value without each seed, or without each row. */
export interface LeftOut {
  /** Singular: `seed`, `row`. */
  readonly noun: string;
  /** The value without each of them in turn; null if undefined. */
  readonly replicates: readonly (number | null)[];
}

/**
 * Jackknife interval of a number that is not a mean (a ratio, a mean over pairs): leaves out one
 * seed or one row at a time. With n replicates t_(-i) of a factor and their mean t
 *
 *     V = sum over factors of (n - 1) / n sum_i (t_(-i) - t)^2,    value  +-  t* sqrt(V)
 *
 * The factors' variances add up. Their common part counts twice, so the interval tends to be too
 * wide. t* has the n - 1 degrees of freedom of the first factor. There is no interval if a
 * replicate is undefined or all are equal.
 */
export function jackknife(value: number, factors: readonly LeftOut[], confidence = 0.95): Estimate {
  let variance = 0;
  for (const { noun, replicates } of factors) {
    const n = replicates.length;
    if (n < 2) return withoutInterval(value, `fewer than two ${noun}s`);
    const undefinedOnes = replicates.filter(each => each === null).length;
    if (undefinedOnes > 0) return withoutInterval(value, `undefined without one ${noun} (${undefinedOnes} of ${n})`);
    const known = replicates as readonly number[];
    if (withoutSpread(known)) continue;
    const mean = known.reduce((sum, x) => sum + x, 0) / n;
    variance += ((n - 1) / n) * known.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  }
  const [first] = factors;
  if (first === undefined) throw new RangeError('jackknife: no factor');
  if (variance === 0)
    return withoutInterval(value, `the same without any ${factors.map(({ noun }) => noun).join(' or ')}`, 0);
  return estimateOf(value, Math.sqrt(variance), first.replicates.length - 1, confidence);
}
