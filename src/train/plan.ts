import type { Momentum } from '../model/momentum.ts';
import type { Part } from './corpus.ts';
import type { ModelNumbers, TrainingNumbers } from './presets.ts';

/** What a model is trained or validated on. */
export type TextsOfPlan = {
  readonly name: string;
  readonly digest: string;
  readonly part: Part['part'];
  readonly documents: number;
  /** UTF-8. */
  readonly bytes: number;
  /** End-of-text tokens included. */
  readonly tokens: number;
  readonly sequences: number;
};

/**
 * Every choice that decides the numbers of a training run, as plain JSON. The number of threads is not among them: it moves results
 * by rounding only.
 */
export type TrainingPlan = {
  /** Its number is raised by a release that changes a number of the training. */
  readonly schema: 'dualform.train-plan/2';
  readonly model: Plain<ModelNumbers> & {
    /** Null for plain attention. */
    readonly momentum: Momentum | null;
  };
  readonly tokenizer: { readonly digest: string; readonly endOfText: number };
  readonly corpus: TextsOfPlan;
  readonly validation: TextsOfPlan;
  readonly seed: number;
  readonly evaluateEvery: number;
} & Omit<TrainingNumbers, keyof ModelNumbers>;

/** An interface as a type that is plain JSON. */
export type Plain<T> = { readonly [K in keyof T]: T[K] };

/** Predictions that a step learns from. */
export function tokensOfStep({ batch, accumulate, model }: TrainingPlan): number {
  return batch * accumulate * model.context;
}
