/** @file What the numbers of a run decide, for reports in words. */
import type { AccuracyTest } from '../metric/accuracy-tests.ts';
import type { Bounds } from '../statistics/interval.ts';

const SIGNIFICANCE_LEVEL = 0.05;

/** Below this many rows a Rec2FTP says little, whatever its value. */
const FEW_ROWS = 30;

/** Which of two settings is better by McNemar's test at 5 %; undefined where the test decides nothing. */
export function betterOf<Name extends string>({
  first,
  second,
  onlyFirst,
  onlySecond,
  p,
}: AccuracyTest<Name>): Name | undefined {
  if (p === null || p >= SIGNIFICANCE_LEVEL) return undefined;
  return onlyFirst > onlySecond ? first : second;
}

/** Where an interval lies: above 0, below 0, around 0; undefined without an interval. */
export function sideOfZero({ low, high }: Pick<Bounds, 'low' | 'high'>): 'above' | 'below' | 'around' | undefined {
  if (low === null || high === null) return undefined;
  if (low > 0) return 'above';
  return high < 0 ? 'below' : 'around';
}

export function isFew(rows: number): boolean {
  return rows < FEW_ROWS;
}
