import type { Json } from '../files/canonical-json.ts';
import { renameKeys, valueAt } from '../files/rename-keys.ts';
import type { Momentum } from '../model/momentum.ts';
import { signatureOf } from '../run/plan.ts';
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
 * Every choice that decides the numbers of a training run, as plain JSON. The number of threads is
 * not among them: it moves results by rounding only.
 */
export type TrainingPlan = {
  /** A release that changes a number of the training raises the number of the schema. */
  readonly schema: 'dualform.train-plan/3';
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

/** Upgrades a plan of schema 2, which called the hidden size `width`, to schema 3. */
export function upgradeTrainingPlan(found: Json): Json {
  if (valueAt(found, 'schema') !== 'dualform.train-plan/2') return found;
  return { ...(renameKeys(found, { 'model.width': 'hiddenSize' }) as object), schema: 'dualform.train-plan/3' };
}

/** The signature of a plan in schema 2, which earlier checkpoints have. */
export function earlierSignature(plan: TrainingPlan): string {
  const words = renameKeys(plan as Json, { 'model.hiddenSize': 'width' }) as object;
  return signatureOf({ ...words, schema: 'dualform.train-plan/2' });
}

/** An interface as a type that is plain JSON. */
export type Plain<T> = { readonly [K in keyof T]: T[K] };

/** Predictions of one step. */
export function tokensOfStep({ batch, accumulate, model }: TrainingPlan): number {
  return batch * accumulate * model.context;
}
