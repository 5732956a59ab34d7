import { join, resolve } from 'node:path';
import { parameterCount } from '../experiment/result.ts';
import { measureSpeed, type Speed } from '../experiment/speed.ts';
import { forwardFlops } from '../experiment/work.ts';
import type { Decoder } from '../model/decoder.ts';
import { readDecoder } from '../model/families/index.ts';
import type { TrainingOptions } from './options.ts';
import { type TrainingPlan, tokensOfStep } from './plan.ts';
import { type PrepareTrainingOptions, prepareTraining } from './prepare.ts';
import { SEQUENCES_ON_THE_WAY } from './train-steps.ts';
import { trainingFlops } from './work.ts';

interface Work {
  /** Predictions. */
  readonly tokens: number;
  readonly flops: number;
}

/** What a training run would compute. */
export interface TrainingEstimate {
  readonly signature: string;
  /** Where it would be stored; absolute. */
  readonly folder: string;
  readonly plan: TrainingPlan;
  readonly parameters: number;
  readonly stages: Readonly<Record<'training' | 'validation', Work & { readonly seconds: number | null }>>;
  /** At its highest, both processes together. */
  readonly memoryBytes: number;
  /** What the seconds were computed with; null when it was not asked to measure. */
  readonly speed: Speed | null;
}

export interface TrainingEstimateOptions extends TrainingOptions, PrepareTrainingOptions {
  readonly out?: string | undefined;
  readonly threads?: number | undefined;
  /** The machine's speed; measured for a second unless given, null for none. */
  readonly speed?: Speed | null | undefined;
}

/** Counts the work of a training run without doing it. @throws UserError as trainModel, before anything is computed */
export async function estimateTraining(options: TrainingEstimateOptions = {}): Promise<TrainingEstimate> {
  const { out, threads, signal, onProgress, speed: given, ...wishes } = options;
  const { plan, signature, config } = await prepareTraining(wishes, { signal, onProgress });
  const speed = given === undefined ? await measureSpeed({ threads, signal }) : given;
  const decoder = readDecoder(config, 'the model to train');
  const parameters = parameterCount(decoder);
  const timed = (work: Work) => ({ ...work, seconds: speed && (work.flops / speed.gigaflops / 1e9) * BESIDE_PRODUCTS });
  return {
    signature,
    folder: resolve(out ?? join('runs', signature)),
    plan,
    parameters,
    stages: { training: timed(trainingWork(plan, decoder)), validation: timed(validationWork(plan, decoder)) },
    memoryBytes: memoryBytes(plan, parameters),
    speed,
  };
}

/** Norms, activation functions, softmax, Adam: how much longer a step takes than its products alone would; measured on the presets. */
const BESIDE_PRODUCTS = 1.25;

function trainingWork(plan: TrainingPlan, decoder: Decoder): Work {
  const { steps, batch, accumulate, model } = plan;
  const flops = steps * accumulate * trainingFlops(decoder, { B: batch, T: model.context });
  return { tokens: steps * tokensOfStep(plan), flops };
}

function validationWork({ steps, evaluateEvery, corpus, validation, model }: TrainingPlan, decoder: Decoder): Work {
  const onTheWay = Math.ceil(steps / evaluateEvery) * Math.min(SEQUENCES_ON_THE_WAY, validation.sequences);
  const atTheEnd = validation.sequences + Math.min(corpus.sequences, validation.sequences);
  const [sequences, T] = [onTheWay + atTheEnd, model.context];
  return { tokens: sequences * T, flops: forwardFlops(decoder, { T, P: 0, sequences, reads: sequences * T }) };
}

/** Two Node processes and the engine with nothing loaded. */
const BASE_BYTES = 300e6;

/** Parameters and moments twice, gradients, and the activations that a batch keeps for its gradient. */
function memoryBytes({ model, batch, accumulate }: TrainingPlan, parameters: number): number {
  const { layers, heads, width: D, feedForward: F, vocabulary: V, context: T } = model;
  const sets = 6 + (accumulate > 1 ? 2 : 1);
  const activations = batch * T * (layers * (8 * D + 4 * F + 3 * heads * T) + 4 * V);
  return Math.round(BASE_BYTES + 4 * (sets * parameters + activations));
}
