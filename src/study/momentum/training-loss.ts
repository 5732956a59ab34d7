/** @file How fast a model learned, kept beside what its task measures. */
import type { Trainee } from './trainee.ts';

/**
 * Name of the measure, the mean loss over all steps, and of its curve, the mean over each of twenty
 * parts.
 */
export const TRAINING_LOSS = 'training loss';

const PARTS = 20;

/** Last steps of the parts into which training is cut; fewer where there are fewer steps. */
export function partEnds(steps: number): readonly number[] {
  const parts = Math.min(PARTS, steps);
  return Array.from({ length: parts }, (_, i) => Math.round(((i + 1) * steps) / parts));
}

/** The task with its training loss among what is measured. */
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
