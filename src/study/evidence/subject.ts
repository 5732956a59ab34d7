import type { TextModel } from '../../run/prepare.ts';
import type { Task } from '../../task/task.ts';

/** What the arms of a study are computed with: a model without its weights, and the tasks. */
export interface EvidenceSubject extends TextModel {
  /** By name: the tasks of the plan, and those whose demonstrations its `task` arms show. */
  readonly tasks: ReadonlyMap<string, Task>;
}
