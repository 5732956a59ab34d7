import { combineReplicated, type Replicated } from './replicated.ts';
import { sharedVariations, type Variation } from './shared-variation.ts';

/** A reliability below this is too small to divide by. */
const LEAST_RELIABILITY = 0.2;

/**
 * The share that a shared variation is of what its sides reproduce of themselves (correction for
 * attenuation, Spearman 1904):
 *
 *     share = R(I, F) / sqrt(rel_I rel_F),   rel_I = R(I, I'), rel_F = R(F, F')
 *
 * with I' and F' as I and F in another order of the demonstrations. Null where a reliability is
 * below 0.2; of replicates that is not asked.
 *
 * @param reliabilities the variations of I and I', and of F and F', over the same seeds
 */
export function shareOfCeiling(
  shared: Variation,
  reliabilities: { readonly inContext: Variation; readonly finetuned: Variation },
): Replicated {
  const numbers = sharedVariations([shared, reliabilities.inContext, reliabilities.finetuned]);
  const share = combineReplicated(
    numbers,
    ([r, a, b]) => (a! * b! > 0 ? r! / Math.sqrt(a! * b!) : null),
    'a reliability is not above 0',
  );
  const low = numbers.slice(1).find(({ value }) => value !== null && value < LEAST_RELIABILITY);
  if (low === undefined) return share;
  return { ...share, value: null, why: `a reliability of ${low.value!.toFixed(2)} is below ${LEAST_RELIABILITY}` };
}
