import { detectableEffect } from './detectable-effect.ts';
import { equivalence } from './equivalence.ts';
import type { Estimate } from './estimate.ts';

/** What a study says of a hypothesis that a number is above 0. */
export interface Verdict {
  readonly verdict: 'yes' | 'opposite' | 'negligible' | 'undecided';
  /**
   * Smallest true effect that a study with this error finds in 80 %; null where the error is not
   * known or 0.
   */
  readonly detectable: number | null;
}

const LEVEL = 0.05;

/**
 * The first that holds: `yes`, the adjusted p is below 0.05 and the value above 0; `opposite`, it
 * is below 0.05 and the value below 0; `negligible`, the 90 % interval lies inside (-delta, delta)
 * (`equivalence`); else `undecided`.
 *
 * @param adjusted p, adjusted for all hypotheses of the study; null tests nothing
 * @param delta smallest effect worth caring about
 */
export function verdictOf(
  estimate: Pick<Estimate, 'error' | 'df'> & { readonly value: number | null },
  { adjusted, delta }: { readonly adjusted: number | null; readonly delta: number },
): Verdict {
  const { value, error, df } = estimate;
  const detectable = error === null || df === null || error === 0 ? null : detectableEffect(error, df);
  if (value === null) return { verdict: 'undecided', detectable };
  if (adjusted !== null && adjusted < LEVEL && value !== 0) {
    return { verdict: value > 0 ? 'yes' : 'opposite', detectable };
  }
  const { negligible } = equivalence({ value, error, df }, delta);
  return { verdict: negligible ? 'negligible' : 'undecided', detectable };
}
