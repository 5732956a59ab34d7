/** @file The training loss as a further measure of every task. */
import type { Trainee } from './trainee.ts';

/**
 * Name of the measure (mean loss over all steps) and of its curve (mean over each of twenty parts).
 */
export const TRAINING_LOSS = 'training loss';

const PARTS = 20;

/** Last steps of the parts of training; fewer parts for fewer steps. */
export function partEnds(steps: number): readonly number[] {
  const parts = Math.min(PARTS, steps);
  return Array.from({ length: parts }, (_, i) => Math.round(((i + 1) * steps) / parts));
}

/** The task with its training loss as a further measure. */
export function withTrainingLoss(trainee: Trainee): Trainee {
  const { task, training, measures, curves } = trainee;
  return {
    ...trainee,
    measures: [...measures, { name: TRAINING_LOSS, table: 'training', title: task, better: 'lower', digits: 3 }],
    curves: [
      ...curves,
      {
        name: TRAINING_LOSS,
        title: `Training, ${task}`,
        x: { title: 'step', values: partEnds(training.steps) },
        y: 'mean loss',
      },
    ],
  };
}
