import { logSoftmax } from '../../../../src/metric/explained-shift.ts';

/**
 * The share of each label word in the probability of all label words:
 *
 *     exp(l_i) / sum_j exp(l_j)
 *
 * @param logProbabilities l, in nats
 */
export function sharesOf(logProbabilities: readonly number[]): readonly number[] {
  return logSoftmax(logProbabilities).map(Math.exp);
}

/** A probability in percent: one decimal, or two digits where that says nothing. */
export function percent(probability: number): string {
  const value = 100 * probability;
  if (value >= 1) return `${value.toFixed(1)} %`;
  return value < 1e-6 ? '< 0.000001 %' : `${plain(value)} %`;
}

/** Two digits, without an exponent. */
function plain(value: number): string {
  return value.toFixed(1 - Math.floor(Math.log10(value)));
}
