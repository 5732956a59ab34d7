import { holm } from '../statistics/holm.ts';
import { mcnemarMidP } from '../statistics/mcnemar.ts';
import { discordant } from './accuracy.ts';

/** Two settings on the same rows. */
export interface AccuracyTest<Name extends string = string> {
  readonly first: Name;
  readonly second: Name;
  /** Rows that only the first gets right. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /**
   * McNemar's exact test with the mid-p correction; null, with `why`, if both get the same rows
   * right.
   */
  readonly p: number | null;
  /** p adjusted for all tests of the list (Holm). */
  readonly adjusted: number | null;
  readonly why?: string;
}

/** Tests every pair of settings, each against those before it. */
export function accuracyTests<Name extends string>(
  gold: ArrayLike<number>,
  settings: readonly { readonly name: Name; readonly predicted: ArrayLike<number> }[],
): AccuracyTest<Name>[] {
  const tests = settings.flatMap((first, i) =>
    settings.slice(0, i).map(second => {
      const counts = discordant(gold, first.predicted, second.predicted);
      const p = mcnemarMidP(counts.onlyFirst, counts.onlySecond);
      return { first: first.name, second: second.name, ...counts, p };
    }),
  );
  const adjusted = holm(tests.map(({ p }) => p));
  return tests.map((test, i) => ({
    ...test,
    adjusted: adjusted[i]!,
    ...(test.p === null && { why: 'both get the same rows right' }),
  }));
}
