import { readArm } from './arm.ts';
import type { EvidencePlan, HypothesisId, HypothesisPlan, SmallestEffects } from './plan.ts';

const SMALLEST_EFFECTS: SmallestEffects = {
  similarity: 0.05,
  sharedVariation: 0.2,
  kappa: 0.2,
  explainedShift: 0.1,
};

/** How a plan decides its hypotheses. */
export const STATISTICS: EvidencePlan['statistics'] = {
  alpha: 0.05,
  multiplicity: 'Holm over all hypotheses',
  permutations: 100_000,
  smallestEffects: SMALLEST_EFFECTS,
  variant: 1,
};

interface Hypothesis {
  readonly statistic: string;
  readonly effect: keyof SmallestEffects;
  /** What its arms are, beside zero-shot and `same`: a variant, or `untrained`. */
  readonly needs?: string;
}

const hypotheses: Readonly<Record<HypothesisId, Hypothesis>> = {
  H1: { statistic: 'R_demo(I, F)', effect: 'sharedVariation' },
  H2: { statistic: 'R_demo(I, F) - R_demo(I, F^t)', effect: 'sharedVariation', needs: 'tokens' },
  H3: { statistic: 'R_label', effect: 'sharedVariation', needs: 'labels' },
  H4: { statistic: 'R_order', effect: 'sharedVariation', needs: 'order' },
  H5: { statistic: 'R_query', effect: 'sharedVariation' },
  H6: { statistic: 'S(trained) - S(untrained)', effect: 'similarity', needs: 'untrained' },
  H7: { statistic: 'kappa_R', effect: 'kappa' },
  H8: { statistic: 'S(I, F^lc) - S(I, F)', effect: 'similarity', needs: 'layer-causal' },
};

/** The hypotheses that the arms of a task can answer. */
export function hypothesesOf(task: string, arms: readonly string[]): readonly HypothesisPlan[] {
  const read = arms.map(readArm);
  const found = new Set([
    ...read.map(({ variant }) => variant),
    ...(read.some(({ initialisation }) => initialisation > 0) ? ['untrained'] : []),
  ]);
  return Object.entries(hypotheses)
    .filter(([, { needs }]) => needs === undefined || found.has(needs))
    .map(([id, { statistic, effect }]) => ({
      id: id as HypothesisId,
      task,
      statistic,
      delta: SMALLEST_EFFECTS[effect],
    }));
}
