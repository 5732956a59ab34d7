import { leaveOutSums, type Replicated } from './replicated.ts';

/** Label log-probabilities of an arm: [R][C], not normalised over the labels. */
export type LabelLogProbabilities = readonly (readonly number[])[];

/** The arms of a seed whose answers are compared, on the same rows. */
export interface AnsweredSeed {
  readonly zeroShot: LabelLogProbabilities;
  readonly inContext: LabelLogProbabilities;
  readonly other: LabelLogProbabilities;
}

/**
 * Explained shift: how much of the way that in-context learning moves the answers another arm b
 * goes too. With q the softmax of the log-probabilities over the labels
 *
 *     E(b) = 1 - sum_(d,i) KL(q_I || q_b) / sum_(d,i) KL(q_I || q_Z)
 *
 * 1: the same answers; 0: no better than doing nothing. Null where in-context answers as zero-shot
 * does.
 */
export function explainedShift(seeds: readonly AnsweredSeed[]): Replicated {
  const terms = (of: 'other' | 'zeroShot') =>
    leaveOutSums(
      Float64Array.from(
        seeds.flatMap(seed => seed.inContext.map((row, i) => divergence(logSoftmax(row), logSoftmax(seed[of][i]!)))),
      ),
      seeds.length,
    );
  const [left, whole] = [terms('other'), terms('zeroShot')];
  const share = (rest: number, all: number) => (all > 0 ? 1 - rest / all : null);
  const value = share(left.all, whole.all);
  return {
    value,
    ...(value === null && { why: 'in-context gives the label probabilities of zero-shot' }),
    seeds: seeds.map((_, d) => share(left.seeds[d]!, whole.seeds[d]!)),
    rows: Array.from(left.rows, (rest, i) => share(rest, whole.rows[i]!)),
    skipped: 0,
  };
}

/** log q of q = softmax(x). */
export function logSoftmax(x: readonly number[]): readonly number[] {
  const largest = Math.max(...x);
  const logSum = largest + Math.log(x.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  return x.map(value => value - logSum);
}

/** KL(p || q) = sum p (log p - log q), in nats. */
function divergence(logP: readonly number[], logQ: readonly number[]): number {
  return logP.reduce(
    (sum, log, c) => sum + (log === Number.NEGATIVE_INFINITY ? 0 : Math.exp(log) * (log - logQ[c]!)),
    0,
  );
}
