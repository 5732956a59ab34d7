import type { Bounds } from './interval.ts';
import { studentTBeyond, studentTPoint } from './student-t.ts';

/** A number with its uncertainty. */
export interface Estimate extends Bounds {
  readonly value: number;
  /** Standard error; null, with `why`, if it is unknown, 0 if nothing varies. */
  readonly error: number | null;
  /** Degrees of freedom; null without an interval. */
  readonly df: number | null;
  /** Two-sided p of the hypothesis that the true value is 0; null without an interval. */
  readonly p: number | null;
}

/** value +- t error, with t of `df` degrees of freedom. */
export function estimateOf(value: number, error: number, df: number, confidence = 0.95): Estimate {
  const half = error * studentTPoint(confidence, df);
  const p = studentTBeyond(Math.abs(value) / error, df);
  return { value, low: value - half, high: value + half, error, df, p };
}

/** A number without an interval. @param error 0 if nothing varies */
export function withoutInterval(value: number, why: string, error: 0 | null = null): Estimate {
  return { value, low: null, high: null, error, df: null, p: null, why };
}
