import { readDecoder } from '../../model/families/index.ts';
import type { Momentum } from '../../model/momentum.ts';
import { trainingFlops } from '../../run/estimate/work.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Feeds, Objective } from '../../train/objective.ts';
import type { Trainer } from '../../train/trainer.ts';
import type { TaskName, TrainingPlan } from './plan.ts';

/**
 * The tables of a study: Table 6 of the paper, synthetic tasks, Table 7 of the paper, and training
 * losses.
 */
export type TableName = 'perplexity' | 'in-context' | 'classification' | 'training';

/** A number that every trained model of a task has. */
export interface Measure {
  readonly name: string;
  readonly table: TableName;
  /** Title of its column. */
  readonly title: string;
  readonly better: 'lower' | 'higher';
  /** Shares are shown in percent. */
  readonly percent?: true;
  /** Decimal digits. */
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
   * By name of the curve, a number for each x value; null where there was no case.
   */
  readonly curves: Readonly<Record<string, readonly (number | null)[]>>;
}

/**
 * A predictor that is not trained here, on the same tests; it may lack some measures.
 */
export interface Baseline extends Measured {
  readonly name: string;
}

/** A trained model and its runtime. */
export interface Trained {
  readonly trainer: Trainer;
  readonly runtime: Runtime;
  readonly momentum: Momentum | undefined;
}

/** A task of the study: the objective, its batches, and the evaluation of the trained model. */
export interface Trainee {
  readonly task: TaskName;
  readonly training: TrainingPlan;
  readonly step: StepWork;
  readonly objective: (momentum: Momentum | undefined) => Objective;
  /** The feeds of step 0, 1, ..., a function of seed and step alone. */
  readonly batch: (seed: number, step: number) => Feeds;
  readonly measures: readonly Measure[];
  readonly curves: readonly Curve[];
  readonly measure: (trained: Trained) => Promise<Measured>;
  readonly baselines: () => readonly Baseline[];
}

/**
 * Random streams of the study: training batches, and tests that all runs share.
 */
export const TRAINING_STREAM = 1;
export const TEST_STREAM = 2;

/** The work of a training step. */
export interface StepWork {
  readonly tokens: number;
  readonly flops: number;
}

/** A step on B sequences of T tokens. The work of momentum is negligible and not counted. */
export function stepWork(config: Readonly<Record<string, unknown>>, B: number, T: number): StepWork {
  return { tokens: B * T, flops: trainingFlops(readDecoder(config, 'the model of the study'), { B, T }) };
}

/** The list in batches of `size`; the last may be shorter. */
export function inBatches<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
