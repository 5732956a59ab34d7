/** @file What the fold reads: the plan of a study and its stored arms. */
import type { Addition } from './additions.ts';
import type { ArmData, MissingArm } from './arm-record.ts';
import type { EvidencePlan, TaskPlan } from './plan.ts';

/** A task of a study, with its stored arms. */
export interface TaskData {
  readonly plan: TaskPlan;
  readonly layers: number;
  readonly heads: number;
  readonly hiddenSize: number;
  /** Whether positions are rotary: scores of the first layer are then left out. */
  readonly rotary: boolean;
  /** Row ids of the queries 0 to behaviourRows - 1. */
  readonly queryRows: readonly number[];
  /** Their gold labels. */
  readonly gold: readonly number[];
  /** Row ids of the demonstrations by seed, for the overlap of sets; index 0 is seed 1. */
  readonly demonstrations: readonly (readonly number[])[];
  /** Reads a stored arm; arms are read one after another, so that memory holds few. */
  readonly arm: (id: string) => Promise<ArmData | MissingArm>;
}

/** A whole study. */
export interface StudyData {
  readonly plan: EvidencePlan;
  /** SHA-256 (hex) of the bytes of `plan.json`. */
  readonly registered: string;
  readonly tasks: readonly TaskData[];
  /** Arms and contrasts that were added after registration. */
  readonly additions: readonly Pick<Addition, 'kind' | 'id' | 'task'>[];
}
