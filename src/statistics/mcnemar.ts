import { LEAST_P } from './interval.ts';

/**
 * Two-sided exact McNemar test with the mid-p correction, for two classifiers on the same examples.
 * `onlyFirst` and `onlySecond` count the examples that only one gets right; with n their sum, k the
 * smaller and X ~ Binomial(n, 1/2)
 *
 *     p = 2 P(X <= k) - P(X = k)
 *
 * which is 1 if the counts are equal. Null without discordant examples, the only ones that the test
 * uses.
 */
export function mcnemarMidP(onlyFirst: number, onlySecond: number): number | null {
  if (!Number.isInteger(onlyFirst) || !Number.isInteger(onlySecond) || onlyFirst < 0 || onlySecond < 0) {
    throw new RangeError(`mcnemarMidP: counts ${onlyFirst} and ${onlySecond}`);
  }
  if (onlyFirst + onlySecond === 0) return null;
  if (onlyFirst === onlySecond) return 1;
  const n = onlyFirst + onlySecond;
  const k = Math.min(onlyFirst, onlySecond);
  // P(X = k) in logarithms: 2^-n alone leaves the range of a double at n = 1075.
  let logMass = -n * Math.LN2;
  for (let i = 1; i <= k; i++) logMass += Math.log((n - k + i) / i);
  // sum of P(X = j) / P(X = k) for j < k, largest term first
  let below = 0;
  let ratio = 1;
  for (let j = k; j > 0; j--) {
    ratio *= j / (n - j + 1);
    below += ratio;
  }
  return Math.max(LEAST_P, Math.exp(logMass) * (1 + 2 * below));
}
