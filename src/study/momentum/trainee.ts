import { readDecoder } from '../../model/families/index.ts';
import type { Momentum } from '../../model/momentum.ts';
import { trainingFlops } from '../../run/estimate/work.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Feeds, Objective } from '../../train/objective.ts';
import type { Trainer } from '../../train/trainer.ts';
import type { TaskName, TrainingPlan } from './plan.ts';

/**
 * The tables of a study: Table 6 of the paper, the field's tasks, Table 7 of the paper, and how
 * fast it was learned.
 */
export type TableName = 'perplexity' | 'in-context' | 'classification' | 'training';

/** A number that every trained model of a task has. */
export interface Measure {
  readonly name: string;
  readonly table: TableName;
  /** Head of its column. */
  readonly title: string;
  readonly better: 'lower' | 'higher';
  /** Shares are shown in percent. */
  readonly percent?: true;
  /** Digits after the point. */
  readonly digits: number;
}

/** Numbers along an axis that every trained model of a task has. */
export interface Curve {
  readonly name: string;
  readonly title: string;
  readonly x: { readonly title: string; readonly values: readonly number[] };
  readonly y: string;
}

export interface Measured {
  /** By name of the measure. */
  readonly measures: Readonly<Record<string, number>>;
  /**
   * By name of the curve, a number for each of its x values; null where there was nothing to
   * measure.
   */
  readonly curves: Readonly<Record<string, readonly (number | null)[]>>;
}

/**
 * What predicts without being trained here, measured on the same tests; it may lack some measures.
 */
export interface Baseline extends Measured {
  readonly name: string;
}

/** A trained model, and the runtime beside which it lies. */
export interface Trained {
  readonly trainer: Trainer;
  readonly runtime: Runtime;
  readonly momentum: Momentum | undefined;
}

/** A task of the study: what is trained on it, on what, and how the trained model is evaluated. */
export interface Trainee {
  readonly task: TaskName;
  readonly training: TrainingPlan;
  readonly step: StepWork;
  readonly objective: (momentum: Momentum | undefined) => Objective;
  /** What step 0, 1, ... is fed, as a function of seed and step alone. */
  readonly batch: (seed: number, step: number) => Feeds;
  readonly measures: readonly Measure[];
  readonly curves: readonly Curve[];
  readonly measure: (trained: Trained) => Promise<Measured>;
  readonly baselines: () => readonly Baseline[];
}

/**
 * Sets random streams of the study apart from each other: training batches, and tests that all runs
 * share.
 */
export const TRAINING_STREAM = 1;
export const TEST_STREAM = 2;

/** What a step of training takes. */
export interface StepWork {
  readonly tokens: number;
  readonly flops: number;
}

/** A step on B sequences of T tokens. Momentum adds next to nothing. */
export function stepWork(config: Readonly<Record<string, unknown>>, B: number, T: number): StepWork {
  return { tokens: B * T, flops: trainingFlops(readDecoder(config, 'the model of the study'), { B, T }) };
}

/** The list in batches of `size`; the last may be shorter. */
export function inBatches<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
