import { holm } from '../../../statistics/holm.ts';
import { verdictOf } from '../../../statistics/verdict.ts';
import type { EvidencePlan, HypothesisId } from '../plan.ts';
import type { EvidenceEstimate, HypothesisResult, TaskEvidence } from './result.ts';
import { beyondWords } from './shared.ts';
import { compared, comparedUntrained, similarityLess } from './similarity.ts';
import { type TaskArms, trained } from './task-arms.ts';

/** The number that a hypothesis is about. */
export async function numberOf(
  id: HypothesisId,
  arms: TaskArms,
  { shared, behaviour }: Pick<TaskEvidence, 'shared' | 'behaviour'>,
): Promise<EvidenceEstimate> {
  switch (id) {
    case 'H1': {
      const { permutations: _, effectiveDimension: __, ...estimate } = shared.demonstrations;
      return estimate;
    }
    case 'H2':
      return beyondWords(arms);
    case 'H3':
      return shared.labels;
    case 'H4':
      return shared.order;
    case 'H5':
      return shared.query;
    case 'H6':
      return similarityLess(arms, compared(), comparedUntrained(arms, 'same'));
    case 'H7':
      return behaviour.rec2ftp.kappa;
    case 'H8':
      return similarityLess(arms, compared(undefined, trained('finetuned', 'layer-causal')), compared());
  }
}

/** The verdicts of all hypotheses of a study, adjusted together. */
export function decide(
  hypotheses: EvidencePlan['hypotheses'],
  numbers: readonly EvidenceEstimate[],
): readonly Omit<HypothesisResult, 'sentence'>[] {
  const adjusted = holm(numbers.map(({ p }) => p ?? null));
  return hypotheses.map(({ id, task, statistic, delta }, at) => {
    const value = numbers[at]!;
    const { verdict, detectable } = verdictOf(value, { adjusted: adjusted[at]!, delta });
    return { id, task, statistic, value, p: value.p ?? null, adjusted: adjusted[at]!, delta, mde: detectable, verdict };
  });
}
