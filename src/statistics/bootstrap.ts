import { type Bounds, largest, withoutSpread } from './interval.ts';
import { below, randomStream } from './random.ts';

export interface BootstrapOptions {
  readonly seed: number;
  /** Number of resamples (default: 10 000). */
  readonly resamples?: number;
  /** Default: 0.95. */
  readonly confidence?: number;
}

/**
 * Paired bootstrap of a mean difference: examples are drawn with replacement, both values of an
 * example together. Returns mean(a - b) and the percentile interval of the resampled means (linear
 * interpolation between order statistics). Null without examples. If all differences are equal
 * there is no interval; `why` says so. The same seed gives the same interval.
 */
export function pairedBootstrap(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { seed, resamples = 10_000, confidence = 0.95 }: BootstrapOptions,
): (Bounds & { readonly difference: number }) | null {
  const n = a.length;
  if (b.length !== n) throw new RangeError(`pairedBootstrap: ${n} and ${b.length} values`);
  if (n === 0) return null;
  const differences = Float64Array.from({ length: n }, (_, i) => a[i]! - b[i]!);
  const difference = differences.reduce((sum, d) => sum + d, 0) / n;
  if (withoutSpread(differences, Math.max(largest(a), largest(b)))) {
    return { difference, low: null, high: null, why: `all ${n} differences are the same` };
  }
  const stream = randomStream(seed);
  const means = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += differences[below(stream, n)]!;
    means[r] = sum / n;
  }
  means.sort();
  const tail = (1 - confidence) / 2;
  return { difference, low: quantile(means, tail), high: quantile(means, 1 - tail) };
}

function quantile(sorted: Float64Array, p: number): number {
  const position = p * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}
