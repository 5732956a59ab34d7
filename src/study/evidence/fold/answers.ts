/** @file Answers of arms, as numbers over seeds and rows. */
import { correct } from '../../../metric/accuracy.ts';
import type { LabelLogProbabilities } from '../../../metric/explained-shift.ts';
import type { SeededTable } from '../../../metric/replicated.ts';
import { predict } from '../../../run/scoring.ts';
import type { ArmData } from '../arm-record.ts';

export function answersOf({ record }: ArmData, rows = record.logProbabilities.length): readonly number[] {
  return record.logProbabilities.slice(0, rows).map(predict);
}

/** 1 for each row that an arm answers right, 0 for the others. */
export function rightOf(arm: ArmData, gold: readonly number[]): readonly number[] {
  return answersOf(arm).map((answer, i) => correct([gold[i]!], [answer]));
}

/** Label log-probabilities of arms of one seed, on the rows that all of them have. */
export function sharedRows<Arms extends readonly ArmData[]>(
  ...arms: Arms
): { readonly [At in keyof Arms]: LabelLogProbabilities } {
  const rows = Math.min(...arms.map(({ record }) => record.logProbabilities.length));
  return arms.map(({ record }) => record.logProbabilities.slice(0, rows)) as {
    readonly [At in keyof Arms]: LabelLogProbabilities;
  };
}

/** A table [S][R] of values that are all known. */
export function complete(table: readonly (readonly number[])[]): SeededTable {
  return { table, skipped: 0 };
}
