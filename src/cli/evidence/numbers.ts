/** @file Numbers of a study for people. */

import { formatDecimal } from '../../report/format/number.ts';
import type { EvidenceEstimate } from '../../study/evidence/fold/result.ts';

/** A table of a study as rows of text, for the terminal or for a page. */
export interface EvidenceTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What is below it: reasons, and what marks mean. */
  readonly notes?: readonly string[];
}

/** 0.169, or `none`. */
export function shownValue({ value }: Pick<EvidenceEstimate, 'value'>, scale = 1): string {
  return value === null ? 'none' : formatDecimal(scale * value, scale === 1 ? 3 : 1);
}

/** 0.163 to 0.176; empty without an interval. */
export function shownInterval({ low, high }: Pick<EvidenceEstimate, 'low' | 'high'>, scale = 1): string {
  if (low === null || high === null) return '';
  const digits = scale === 1 ? 3 : 1;
  return `${formatDecimal(scale * low, digits)} to ${formatDecimal(scale * high, digits)}`;
}

/** 0.169 (0.163 to 0.176) */
export function shownEstimate(estimate: EvidenceEstimate, scale = 1): string {
  const interval = shownInterval(estimate, scale);
  return interval === '' ? shownValue(estimate, scale) : `${shownValue(estimate, scale)} (${interval})`;
}

/** 0.031, <0.001; empty where nothing is tested. */
export function shownP(p: number | null): string {
  if (p === null) return '';
  return p < 0.001 ? '<0.001' : p.toFixed(3);
}

/** A number that may be missing. */
export function shownNumber(x: number | null, digits = 3): string {
  return x === null ? '' : formatDecimal(x, digits);
}

/** The reasons of numbers that are null or lack an interval, each once. */
export function reasonsOf(named: readonly (readonly [string, EvidenceEstimate])[]): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const [name, { value, low, why }] of named) {
    if (why === undefined || (value !== null && low !== null)) continue;
    byReason.set(why, [...(byReason.get(why) ?? []), name]);
  }
  return [...byReason].map(([why, names]) => `${names.join(', ')}: ${why}.`);
}
