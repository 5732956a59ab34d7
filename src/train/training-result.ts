import type { Json } from '../files/canonical-json.ts';
import { renameKeys } from '../files/rename-keys.ts';
import { momentumTensor } from '../model/momentum.ts';
import type { MeanLoss } from './mean-loss.ts';
import type { Numbers } from './objective.ts';
import { type TextsOfPlan, type TrainingPlan, tokensOfStep } from './plan.ts';

/** How well the model predicts tokens. */
export interface Prediction extends MeanLoss {
  /** exp(loss); null, with `why`, where it overflows. */
  readonly perplexity: number | null;
  readonly why?: string;
  /**
   * The loss in bits per byte of the text: comparable between tokenizers.
   */
  readonly bitsPerByte: number;
}

/** `result.json`: a function of the plan; an interrupted run ends with the same bytes. */
export interface TrainingResult {
  readonly schema: 'dualform.train/1';
  readonly signature: string;
  readonly model: TrainingPlan['model'] & {
    readonly family: string;
    readonly parameters: number;
    /** SHA-256 (hex) of model.safetensors. */
    readonly digest: string;
    /** eta of every layer and head, where it was learned. */
    readonly learnedMomentum?: readonly (readonly number[])[];
  };
  readonly corpus: TrainingPlan['corpus'];
  readonly validation: TrainingPlan['validation'];
  readonly steps: number;
  /** Predictions that were learned from. */
  readonly tokensSeen: number;
  /** Epochs: how often each sequence was seen. */
  readonly epochs: number;
  /** At the end: on the validation sequences, and on as many of the corpus. */
  readonly predictions: { readonly training: Prediction; readonly validation: Prediction };
}

export function makeTrainingResult(
  plan: TrainingPlan,
  {
    signature,
    digest,
    numbers,
    training,
    validation,
  }: {
    readonly signature: string;
    readonly digest: string;
    /** The parameters at the end. */
    readonly numbers: Numbers;
    readonly training: MeanLoss;
    readonly validation: MeanLoss;
  },
): TrainingResult {
  const { layers, momentum, context } = plan.model;
  const tokensSeen = plan.steps * tokensOfStep(plan);
  const learned =
    momentum === 'learned'
      ? { learnedMomentum: Array.from({ length: layers }, (_, layer) => etas(numbers[momentumTensor(layer)]!)) }
      : {};
  return {
    schema: 'dualform.train/1',
    signature,
    model: {
      family: momentum === null ? 'gpt2' : 'momentum',
      parameters: Object.values(numbers).reduce((sum, { length }) => sum + length, 0),
      digest,
      ...plan.model,
      ...learned,
    },
    corpus: plan.corpus,
    validation: plan.validation,
    steps: plan.steps,
    tokensSeen,
    epochs: tokensSeen / (plan.corpus.sequences * context),
    predictions: {
      training: predictionOf(training, plan.corpus),
      validation: predictionOf(validation, plan.validation),
    },
  };
}

/** A stored result of this plan, of this or an earlier schema. */
export function upgradeTrainingResult(stored: Json, signature: string): TrainingResult {
  const today = renameKeys(stored, { 'model.width': 'hiddenSize' }) as unknown as TrainingResult;
  return { ...today, signature };
}

/** Measures of a mean loss in nats per token. */
export function predictionOf({ loss, tokens }: MeanLoss, texts: Pick<TextsOfPlan, 'tokens' | 'bytes'>): Prediction {
  const perplexity = Math.exp(loss);
  return {
    loss,
    ...(Number.isFinite(perplexity)
      ? { perplexity }
      : { perplexity: null, why: 'exp(loss) is beyond the largest number' }),
    bitsPerByte: ((loss / Math.LN2) * texts.tokens) / texts.bytes,
    tokens,
  };
}

function etas(logits: Float32Array): readonly number[] {
  return Array.from(logits, logit => 1 / (1 + Math.exp(-logit)));
}
