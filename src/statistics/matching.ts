import { largest } from './interval.ts';
import { allPermutations } from './permutations.ts';

/** A matching of rows with columns compared with all other matchings. */
export interface Matching {
  /** Mean of the matched pairs minus the mean of all others. */
  readonly difference: number;
  /**
   * Two-sided p of the hypothesis that the matching of rows with columns does not matter; null with
   * `why`.
   */
  readonly p: number | null;
  readonly why?: string;
  /** Number of rows, which is that of columns. */
  readonly n: number;
}

/** More rows have too many matchings to enumerate. */
const MOST_ROWS = 9;

/**
 * Exact permutation test of a matching (Fisher 1935; as Mantel 1967 for two distance matrices).
 * `table[i][j]` is the similarity of row i and column j, and row i belongs to column i. With the
 * mean of a matching pi
 *
 *     m(pi) = 1/n sum_i table[i][pi(i)],
 *
 * whose expectation over all n! matchings is the mean M of the table,
 *
 *     p = share of the matchings with |m(pi) - M| >= |m(identity) - M|
 *
 * The entries need not be independent: those of one row or column may have anything in common. With
 * n rows p is at least 1/n!.
 *
 * @returns null with fewer than two rows
 * @throws RangeError if the table is not square, or too large
 */
export function matchingTest(table: readonly (readonly number[])[]): Matching | null {
  const n = table.length;
  if (table.some(row => row.length !== n)) throw new RangeError('matchingTest: the table is not square');
  if (n > MOST_ROWS) throw new RangeError(`matchingTest: ${n} rows; ${MOST_ROWS} at most`);
  if (n < 2) return null;
  const all = mean(table.flat());
  const matched = mean(table.map((row, i) => row[i]!));
  // There are n times as many entries as matched ones.
  const difference = ((matched - all) * n) / (n - 1);
  const apart = [...allPermutations(n)].map(columns => Math.abs(mean(columns.map((j, i) => table[i]![j]!)) - all));
  // Sums in another order differ by rounding.
  const rounding = 8 * n * Number.EPSILON * largest(table.flat());
  if (Math.max(...apart) <= rounding) return { difference, p: null, why: 'every matching has the same mean', n };
  const asFar = apart.filter(distance => distance >= Math.abs(matched - all) - rounding).length;
  return { difference, p: asFar / apart.length, n };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
