import { largest } from './interval.ts';
import { allPermutations, drawPermutation } from './permutations.ts';
import { randomStream } from './random.ts';

export interface PermutationTest {
  /** Mean of the diagonal minus the mean of all other entries; null with fewer than two rows. */
  readonly difference: number | null;
  /** Share of the permutations with a trace at least as large as the table's own. */
  readonly above: number | null;
  /** Share with a trace at least as small. */
  readonly below: number | null;
  /**
   * Two-sided: min(1, 2 min(above, below)); null, with `why`, if all permutations have the same
   * trace.
   */
  readonly p: number | null;
  /** Number of permutations evaluated, the identity included. */
  readonly permutations: number;
  readonly why?: string;
}

/** Up to 8 rows all 40,320 permutations are evaluated. */
const MOST_ROWS = 8;
const DRAWS = 100_000;

/**
 * Permutation test of a square table whose entry [d][e] is the similarity of d's first vector and
 * e's second one: are the two of one d more similar than those of different ones? With the trace
 * T(pi) = sum_d table[d][pi(d)]
 *
 *     above = #{T(pi) >= T} / n!     or, sampled,     (1 + #{T(pi) >= T}) / (draws + 1)
 *
 * Exact if the rows are exchangeable. Traces that are equal up to rounding count as equal.
 * Two-sided by doubling the smaller tail, so n rows give a p of at least 2/n! (4 rows: 0.083).
 *
 * @throws RangeError if the table is not square
 */
export function permutationTest(
  table: readonly (readonly number[])[],
  { seed = 0, draws = DRAWS }: { readonly seed?: number; readonly draws?: number } = {},
): PermutationTest {
  const n = table.length;
  if (table.some(row => row.length !== n)) throw new RangeError('permutationTest: the table is not square');
  const nothing = { above: null, below: null, p: null };
  if (n < 2) return { difference: null, ...nothing, permutations: n, why: 'fewer than two rows' };
  const trace = (columns: readonly number[]) => columns.reduce((sum, column, row) => sum + table[row]![column]!, 0);
  const own = trace(table.map((_, row) => row));
  const all = table.flat().reduce((sum, x) => sum + x, 0);
  const difference = own / n - (all - own) / (n * (n - 1));
  const rounding = 8 * n * Number.EPSILON * largest(table.flat());
  let [count, atLeast, atMost] = [0, 0, 0];
  for (const columns of n <= MOST_ROWS ? allPermutations(n) : withIdentity(n, draws, seed)) {
    const other = trace(columns);
    count++;
    if (other >= own - rounding) atLeast++;
    if (other <= own + rounding) atMost++;
  }
  if (atLeast === count && atMost === count) {
    return { difference, ...nothing, permutations: count, why: 'every permutation has the same trace' };
  }
  const [above, below] = [atLeast / count, atMost / count];
  return { difference, above, below, p: Math.min(1, 2 * Math.min(above, below)), permutations: count };
}

/** The smallest p of `permutationTest` for n rows: 2 / n!, or 2 / (draws + 1) where it samples. */
export function smallestPermutationP(n: number, draws = DRAWS): number {
  const factorial = Array.from({ length: n }, (_, i) => i + 1).reduce((product, i) => product * i, 1);
  return Math.min(1, 2 / (n <= MOST_ROWS ? factorial : draws + 1));
}

function* withIdentity(n: number, draws: number, seed: number): Generator<readonly number[]> {
  yield Array.from({ length: n }, (_, i) => i);
  const stream = randomStream(seed);
  for (let draw = 0; draw < draws; draw++) yield drawPermutation(stream, n);
}
