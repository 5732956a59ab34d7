import type { TextModel } from '../../run/prepare.ts';
import type { DemonstrationSet, Sequences } from '../../task/sequence.ts';
import type { Task } from '../../task/task.ts';
import type { EvidencePlan, TaskPlan } from './plan.ts';

/** A task of a study, as it was read. */
export interface TaskInputs {
  readonly plan: TaskPlan;
  readonly task: Task;
  /** Of seeds 1 to S, with `plan.k` demonstrations and `plan.behaviourRows` queries each. */
  readonly sequences: readonly Sequences[];
  /** Null without arms of another task; its sets are those of seeds 1 to S. */
  readonly other: { readonly sets: readonly DemonstrationSet[] } | null;
}

/** What the arms of a study are computed from; no weights are loaded. */
export interface StudyInputs {
  readonly plan: EvidencePlan;
  readonly model: TextModel;
  readonly tasks: readonly TaskInputs[];
}
