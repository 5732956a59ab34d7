import { languageTrainee } from './language-trainee.ts';
import type { PlannedStudy } from './plan-study.ts';
import { regressionTrainee } from './regression-trainee.ts';
import { chainTrainee, lookupTrainee, recallTrainee } from './token-trainee.ts';
import type { Trainee } from './trainee.ts';
import { withTrainingLoss } from './training-loss.ts';

/**
 * The tasks of a study, in their order.
 *
 * @throws UserError when the context has no space for a demonstration
 */
export function makeTrainees({ plan: { tasks }, language }: PlannedStudy): readonly Trainee[] {
  return [
    ...(language && tasks.language ? [languageTrainee(tasks.language, language)] : []),
    ...(tasks['linear-regression'] ? [regressionTrainee(tasks['linear-regression'])] : []),
    ...(tasks['associative-recall'] ? [recallTrainee(tasks['associative-recall'])] : []),
    ...(tasks['key-value-lookup'] ? [lookupTrainee(tasks['key-value-lookup'])] : []),
    ...(tasks['markov-chain'] ? [chainTrainee(tasks['markov-chain'])] : []),
  ].map(withTrainingLoss);
}
