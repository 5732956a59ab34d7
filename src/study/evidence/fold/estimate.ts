/** @file Estimates as the result states them. */
import {
  estimateOfReplicated,
  estimateOfTable,
  type Replicated,
  type SeededEstimate,
  type SeededTable,
} from '../../../metric/replicated.ts';
import { benjaminiHochberg } from '../../../statistics/benjamini-hochberg.ts';
import type { EvidenceEstimate } from './result.ts';
import type { Found } from './task-arms.ts';

/** What the seeds of a number say of it. */
type Origin = Pick<Found<never>, 'why' | 'added'> & { readonly seeds: readonly unknown[] };

/** A number that is no mean, or a difference of such. Not computed where no seed has its arms. */
export function replicated(found: Origin, number: () => Replicated): EvidenceEstimate {
  return found.seeds.length === 0 ? unknown(found.why!) : stated(estimateOfReplicated(number()), found);
}

/** A mean over seeds and rows. Not computed where no seed has its arms. */
export function crossed(found: Origin, table: () => SeededTable): EvidenceEstimate {
  return found.seeds.length === 0 ? unknown(found.why!) : stated(estimateOfTable(table()), found);
}

/** An estimate of which nothing is known. */
export function unknown(why: string): EvidenceEstimate {
  return { value: null, low: null, high: null, error: null, df: null, n: { seeds: 0, rows: 0 }, p: null, why };
}

function stated({ value, low, high, error, df, n, p, skipped, why }: SeededEstimate, found: Origin): EvidenceEstimate {
  const reasons = [why, found.why].filter(reason => reason !== undefined);
  return {
    ...{ value, low, high, error, df, n, p },
    ...(skipped !== undefined && { skipped }),
    ...(reasons.length > 0 && { why: reasons.join('; ') }),
    ...(found.added && { exploratory: true }),
  };
}

/** The estimate of a number for which 0 is no hypothesis. */
export function untested({ p: _, ...estimate }: EvidenceEstimate): EvidenceEstimate {
  return estimate;
}

/** The estimate, marked as none that was planned. */
export function exploratory(estimate: EvidenceEstimate): EvidenceEstimate {
  return { ...estimate, exploratory: true };
}

/**
 * The rows of an exploratory table, each of the given columns with p adjusted for all rows
 * (Benjamini and Hochberg). A column asks one question; others do not count for it.
 */
export function adjustColumns<Column extends string, Row extends Readonly<Record<Column, EvidenceEstimate | null>>>(
  rows: readonly Row[],
  columns: readonly Column[],
): readonly Row[] {
  const adjusted = columns.map(column => benjaminiHochberg(rows.map(row => row[column]?.p ?? null)));
  return rows.map((row, at) => ({
    ...row,
    ...Object.fromEntries(
      columns.map((column, c) => {
        const estimate = row[column];
        return [column, estimate && { ...exploratory(estimate), adjusted: adjusted[c]![at]! }];
      }),
    ),
  }));
}
