import type { Estimate } from './estimate.ts';
import { studentTBeyond, studentTPoint } from './student-t.ts';

export interface Equivalence {
  /** 90 % interval; null, with `why`, if the estimate has none. */
  readonly low: number | null;
  readonly high: number | null;
  /** The larger of the two one-sided p values. */
  readonly p: number | null;
  /** Whether the 90 % interval is inside (-delta, delta), which means p < 0.05. */
  readonly negligible: boolean;
  readonly why?: string;
}

/**
 * Two one-sided tests (Schuirmann 1987) of the hypothesis that the true value is at least `delta`
 * away from 0, at 5 % each. Only a rejection shows that an effect is negligible; a test against 0
 * that does not reject never shows it.
 */
export function equivalence(
  { value, error, df, why }: Pick<Estimate, 'value' | 'error' | 'df' | 'why'>,
  delta: number,
): Equivalence {
  if (!(delta > 0)) throw new RangeError(`equivalence: delta ${delta}`);
  if (error === null || df === null || error === 0) {
    return { low: null, high: null, p: null, negligible: false, ...(why !== undefined && { why }) };
  }
  const half = error * studentTPoint(0.9, df);
  const [low, high] = [value - half, value + half];
  const p = oneSided((delta - Math.abs(value)) / error, df);
  return { low, high, p, negligible: low > -delta && high < delta };
}

/** P(T > t). */
function oneSided(t: number, df: number): number {
  const tail = studentTBeyond(Math.abs(t), df) / 2;
  return t >= 0 ? tail : 1 - tail;
}
