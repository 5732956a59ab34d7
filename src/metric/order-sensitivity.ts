import { type LabelLogProbabilities, logSoftmax } from './explained-shift.ts';
import { leaveOutSums, type Replicated, type SeededTable } from './replicated.ts';

/** Label log-probabilities of an arm with its demonstrations in one order and in another. */
export interface TwoOrders {
  readonly order: LabelLogProbabilities;
  readonly other: LabelLogProbabilities;
}

/**
 * Total variation between the answers with two orders, 1/2 sum_c |q_c - q'_c|: [S][R], whose mean
 * is Sen.
 */
export function orderSensitivity(seeds: readonly TwoOrders[]): SeededTable {
  const table = seeds.map(({ order, other }) => order.map((row, i) => variation(row, other[i]!)));
  return { table, skipped: 0 };
}

/** Sen of one arm over Sen of another, for the same seeds and rows. */
export function sensitivityRatio(numerator: SeededTable, denominator: SeededTable): Replicated {
  const sums = ({ table }: SeededTable) => leaveOutSums(Float64Array.from(table.flat()), table.length);
  const [a, b] = [sums(numerator), sums(denominator)];
  const ratio = (x: number, y: number) => (y > 0 ? x / y : null);
  const value = ratio(a.all, b.all);
  return {
    value,
    ...(value === null && { why: 'the order of the demonstrations changes no answer' }),
    seeds: Array.from(a.seeds, (x, d) => ratio(x, b.seeds[d]!)),
    rows: Array.from(a.rows, (x, i) => ratio(x, b.rows[i]!)),
    skipped: 0,
  };
}

function variation(a: readonly number[], b: readonly number[]): number {
  const [p, q] = [logSoftmax(a), logSoftmax(b)];
  return p.reduce((sum, log, c) => sum + Math.abs(Math.exp(log) - Math.exp(q[c]!)), 0) / 2;
}
