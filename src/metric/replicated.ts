/**
 * @file Numbers of a study over seeds (sets of demonstrations) and rows that are no plain means:
 * each with its values without each seed and without each row, from which the jackknife makes an
 * interval.
 */
import { crossedMean } from '../statistics/crossed-mean.ts';
import type { Estimate } from '../statistics/estimate.ts';
import { jackknife } from '../statistics/jackknife.ts';

/** A number with what it would be without each seed and without each row. */
export interface Replicated {
  /** Null with `why`. */
  readonly value: number | null;
  readonly why?: string;
  /** [S] without each seed; null where that is undefined. */
  readonly seeds: readonly (number | null)[];
  /** Without each row that counts. */
  readonly rows: readonly (number | null)[];
  /** Pairs of row and layer that are null and left out. */
  readonly skipped: number;
}

/** An estimate over seeds and rows; without an interval, and why, where that is not known. */
export interface SeededEstimate extends Omit<Estimate, 'value'> {
  /** Null with `why`. */
  readonly value: number | null;
  /** Seeds and rows that count. */
  readonly n: { readonly seeds: number; readonly rows: number };
  /** Pairs of row and layer that are null and left out; absent when there is none. */
  readonly skipped?: number;
}

/** The interval of a replicated number by the jackknife over seeds and rows (`jackknife`). */
export function estimateOfReplicated({ value, why, seeds, rows, skipped }: Replicated): SeededEstimate {
  const n = { seeds: seeds.length, rows: rows.length };
  const estimate =
    value === null
      ? withoutValue(why!)
      : jackknife(value, [
          { noun: 'seed', replicates: seeds },
          { noun: 'row', replicates: rows },
        ]);
  return { ...estimate, n, ...(skipped > 0 && { skipped }) };
}

/** A table [S][R] of values, and how many pairs of row and layer are left out of them. */
export interface SeededTable {
  readonly table: readonly (readonly number[])[];
  readonly skipped: number;
  /** Why no row has a value; absent where one has. */
  readonly why?: string;
}

/** The mean of a table over seeds and rows with the interval of `crossedMean`. */
export function estimateOfTable({ table, skipped, why }: SeededTable): SeededEstimate {
  const n = { seeds: table.length, rows: table[0]?.length ?? 0 };
  const estimate = n.rows === 0 ? withoutValue(why ?? 'no rows') : crossedMean(table);
  return { ...estimate, n, ...(skipped > 0 && { skipped }) };
}

function withoutValue(why: string): Omit<Estimate, 'value'> & { readonly value: null } {
  return { value: null, low: null, high: null, error: null, df: null, p: null, why };
}

/**
 * A number made from others of the same seeds and rows: their difference, or a quotient.
 *
 * @param combine null where the result is undefined
 * @param why why the value is undefined where all numbers are known
 */
export function combineReplicated(
  numbers: readonly Replicated[],
  combine: (values: readonly number[]) => number | null,
  why: string,
): Replicated {
  const [first] = numbers;
  const of = (values: readonly (number | null)[]) =>
    values.includes(null) ? null : combine(values as readonly number[]);
  const value = of(numbers.map(number => number.value));
  return {
    value,
    ...(value === null && { why: numbers.find(number => number.value === null)?.why ?? why }),
    seeds: first!.seeds.map((_, d) => of(numbers.map(({ seeds }) => seeds[d]!))),
    rows: first!.rows.map((_, i) => of(numbers.map(({ rows }) => rows[i]!))),
    skipped: Math.max(...numbers.map(({ skipped }) => skipped)),
  };
}

/** Sums of a table [S][n] of terms: of all, and without each seed and each row. */
export interface LeaveOuts {
  readonly all: number;
  readonly seeds: Float64Array;
  readonly rows: Float64Array;
}

/** The sum of terms [S, n] flat, and the sums without each seed and each row. */
export function leaveOutSums(terms: Float64Array, S: number): LeaveOuts {
  const n = terms.length / S;
  const [bySeed, byRow] = [new Float64Array(S), new Float64Array(n)];
  for (let d = 0; d < S; d++) {
    for (let i = 0; i < n; i++) {
      bySeed[d]! += terms[d * n + i]!;
      byRow[i]! += terms[d * n + i]!;
    }
  }
  return { all: bySeed.reduce((sum, x) => sum + x, 0), seeds: sumsOfOthers(bySeed), rows: sumsOfOthers(byRow) };
}

/** For each number the sum of the others: added up, not subtracted, so that others of 0 give 0. */
function sumsOfOthers(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length);
  for (let i = 1, before = 0; i < values.length; i++) {
    before += values[i - 1]!;
    sums[i] = before;
  }
  for (let i = values.length - 2, after = 0; i >= 0; i--) {
    after += values[i + 1]!;
    sums[i]! += after;
  }
  return sums;
}
