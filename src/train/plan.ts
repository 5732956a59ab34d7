import type { Momentum } from '../model/momentum.ts';
import type { Part } from './corpus.ts';

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
  readonly schema: 'dualform.train-plan/1';
  readonly version: string;
  readonly model: {
    readonly layers: number;
    readonly heads: number;
    readonly width: number;
    readonly feedForward: number;
    readonly vocabulary: number;
    readonly context: number;
    /** Null for plain attention. */
    readonly momentum: Momentum | null;
  };
  readonly tokenizer: { readonly digest: string; readonly endOfText: number };
  readonly corpus: TextsOfPlan;
  readonly validation: TextsOfPlan;
  readonly seed: number;
  readonly batch: number;
  readonly accumulate: number;
  readonly steps: number;
  readonly warmUp: number;
  readonly learningRate: number;
  readonly power: number;
  readonly clip: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly evaluateEvery: number;
};

/** Predictions that a step learns from. */
export function tokensOfStep({ batch, accumulate, model }: TrainingPlan): number {
  return batch * accumulate * model.context;
}
