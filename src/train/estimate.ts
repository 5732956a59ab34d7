import { join, resolve } from 'node:path';
import { parameterCount } from '../experiment/result.ts';
import { forwardFlops } from '../experiment/work.ts';
import type { Decoder } from '../model/decoder.ts';
import { readDecoder } from '../model/families/index.ts';
import type { Momentum } from '../model/momentum.ts';
import { openRuntime, type Runtime, type RuntimeOptions } from '../runtime/runtime.ts';
import { gptConfig, languageFeeds, languageModel } from './gpt.ts';
import { initialise } from './initialise.ts';
import type { TrainingOptions } from './options.ts';
import { type TrainingPlan, tokensOfStep } from './plan.ts';
import { type PrepareTrainingOptions, prepareTraining } from './prepare.ts';
import { SEQUENCES_ON_THE_WAY } from './train-steps.ts';
import { openTrainer } from './trainer.ts';
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
  /** What the seconds were computed with: a batch, forward and backward; null when it was not asked to measure. */
  readonly secondsOfBatch: number | null;
}

export interface TrainingEstimateOptions extends TrainingOptions, PrepareTrainingOptions {
  readonly out?: string | undefined;
  readonly threads?: number | undefined;
  /** Whether to measure how long a batch takes, a few seconds; it is measured unless this is false. */
  readonly calibrate?: boolean | undefined;
}

/** Counts the work of a training run without doing it, and measures a batch on one and on two of its layers. @throws UserError as trainModel, before anything is computed */
export async function estimateTraining(options: TrainingEstimateOptions = {}): Promise<TrainingEstimate> {
  const { out, threads, signal, onProgress, calibrate = true, ...wishes } = options;
  const { plan, signature, config } = await prepareTraining(wishes, { signal, onProgress });
  const secondsOfBatch = calibrate ? await measureBatch(plan, { threads, signal }) : null;
  const decoder = readDecoder(config, 'the model to train');
  const parameters = parameterCount(decoder);
  const batchFlops = trainingFlops(decoder, { B: plan.batch, T: plan.model.context });
  const timed = (work: Work) => ({ ...work, seconds: secondsOfBatch && (work.flops / batchFlops) * secondsOfBatch });
  return {
    signature,
    folder: resolve(out ?? join('runs', signature)),
    plan,
    parameters,
    stages: { training: timed(trainingWork(plan, decoder)), validation: timed(validationWork(plan, decoder)) },
    memoryBytes: memoryBytes(plan, parameters),
    secondsOfBatch,
  };
}

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

/** Two Node processes and the engine, and what corpus and checkpoint take on top; measured with the preset `tiny`. */
const BASE_BYTES = 480e6;

/** Parameters and moments twice, gradients, and the activations that a batch keeps for its gradient. */
function memoryBytes({ model, batch, accumulate }: TrainingPlan, parameters: number): number {
  const { layers, heads, width: D, feedForward: F, vocabulary: V, context: T } = model;
  const sets = 6 + (accumulate > 1 ? 2 : 1);
  const activations = batch * T * (layers * (8 * D + 4 * F + 3 * heads * T) + 4 * V);
  return Math.round(BASE_BYTES + 4 * (sets * parameters + activations));
}

const STEPS_TO_WARM_UP = 2;
const STEPS_TO_MEASURE = 3;

/** Seconds of a batch in training: those of a model of one layer, and for each further layer what a second one adds. */
async function measureBatch(plan: TrainingPlan, options: RuntimeOptions): Promise<number> {
  const runtime = await openRuntime(options);
  try {
    const one = await measureLayers(runtime, plan, 1);
    const { layers } = plan.model;
    return layers === 1 ? one : one + (layers - 1) * ((await measureLayers(runtime, plan, 2)) - one);
  } finally {
    await runtime.close();
  }
}

async function measureLayers(runtime: Runtime, { model, batch, seed, ...adam }: TrainingPlan, layers: number) {
  const { momentum, ...shape } = model;
  const someMomentum = Array.isArray(momentum) ? momentum.slice(0, layers) : momentum;
  const config = gptConfig({ ...shape, layers, ...(someMomentum !== null && { momentum: someMomentum as Momentum }) });
  const problem = languageModel(config);
  const trainer = await openTrainer(runtime, problem, initialise(problem, seed), { ...adam, clipNorm: adam.clip });
  const sequence = Array.from({ length: model.context + 1 }, (_, t) => t % model.vocabulary);
  const feeds = languageFeeds(Array<number[]>(batch).fill(sequence));
  const seconds: number[] = [];
  for (let i = 0; i < STEPS_TO_WARM_UP + STEPS_TO_MEASURE; i++) {
    const start = performance.now();
    await trainer.take([feeds], adam.learningRate);
    if (i >= STEPS_TO_WARM_UP) seconds.push((performance.now() - start) / 1000);
  }
  await trainer.close();
  return Math.min(...seconds);
}
