import { join, resolve } from 'node:path';
import { type Hooks, splitHooks } from '../hooks.ts';
import { elements } from '../model/decoder.ts';
import { readDecoder } from '../model/families/index.ts';
import type { Momentum } from '../model/momentum.ts';
import { usualSeconds } from '../run/estimate/timing.ts';
import { forwardFlops, trainingFlops } from '../run/estimate/work.ts';
import { ownMemory } from '../runtime/node/memory.ts';
import { openRuntime, type RuntimeOptions } from '../runtime/node/open-runtime.ts';
import { gptConfig, languageFeeds, languageModel } from './gpt.ts';
import { initialise } from './initialise.ts';
import type { TrainingOptions } from './options.ts';
import { type TrainingPlan, tokensOfStep } from './plan.ts';
import { prepareTraining } from './prepare.ts';
import { SEQUENCES_ON_THE_WAY, usualCheckpointEvery } from './train-steps.ts';
import { openTrainer } from './trainer.ts';

interface Work {
  /** Predictions. */
  readonly tokens: number;
  readonly flops: number;
  /** Null when speed was not measured. */
  readonly seconds: number | null;
}

/** The work of a training run. */
export interface TrainingEstimate {
  readonly signature: string;
  /** Where it would be stored; absolute. */
  readonly folder: string;
  readonly plan: TrainingPlan;
  readonly parameters: number;
  readonly stages: Readonly<Record<'training' | 'validation' | 'checkpoints', Work>>;
  readonly total: Work;
  /** Peak of both processes together; null when it was not measured. */
  readonly memoryBytes: number | null;
  /**
   * Seconds of a batch, forward and backward, with its share of the step; null when it was not
   * measured.
   */
  readonly secondsOfBatch: number | null;
}

export interface TrainingEstimateOptions extends TrainingOptions, Hooks {
  /** Whether to measure batches, a few seconds; they are measured unless this is false. */
  readonly calibrate?: boolean | undefined;
}

/**
 * Estimates the work, time and memory of a training run. Batches are measured; of large models with
 * a few of their layers.
 *
 * @throws UserError as trainModel, before anything is computed
 */
export async function estimateTraining(options: TrainingEstimateOptions = {}): Promise<TrainingEstimate> {
  const { calibrate = true, ...others } = options;
  const { hooks, wishes } = splitHooks(others);
  const { out, threads, device, signal } = hooks;
  const { plan, signature, config } = await prepareTraining(wishes, hooks);
  const { steps, batch, accumulate, model } = plan;
  const decoder = readDecoder(config, 'the model to train');
  const parameters = elements(decoder.tensors);
  const prepared = ownMemory().residentBytes;
  const T = model.context;
  const batchFlops = trainingFlops(decoder, { B: batch, T });
  const small = parameters <= SMALL.parameters && batchFlops <= SMALL.batchFlops;
  const measured = calibrate ? await measureBatches(plan, small, { threads, device, signal }) : null;

  const evaluated = evaluatedSequences(plan);
  const checkpoints = Math.ceil(steps / (wishes.checkpointEvery ?? usualCheckpointEvery(plan)));
  const stages = {
    training: {
      tokens: steps * tokensOfStep(plan),
      flops: steps * accumulate * batchFlops,
      seconds: measured && steps * accumulate * measured.training,
    },
    validation: {
      tokens: evaluated * T,
      flops: forwardFlops(decoder, { T, P: 0, sequences: evaluated, reads: evaluated * T }),
      seconds: measured && (evaluated / batch) * measured.validation,
    },
    checkpoints: {
      tokens: 0,
      flops: 0,
      seconds: measured && checkpoints * (CHECKPOINT.seconds + (16 * parameters) / CHECKPOINT.bytesASecond),
    },
  };
  return {
    signature,
    folder: resolve(out ?? join('runs', signature)),
    plan,
    parameters,
    stages,
    total: Object.values(stages).reduce(addWork),
    // A checkpoint fetches parameters and moments to this process.
    memoryBytes: measured && Math.round(prepared + 12 * parameters + measured.bytes + GROWTH_BYTES),
    secondsOfBatch: measured?.training ?? null,
  };
}

/**
 * Seconds to fetch parameters and moments and to write them and the model: per checkpoint, and per
 * byte; measured.
 */
const CHECKPOINT = { seconds: 0.03, bytesASecond: 350e6 };

/**
 * Growth of both processes over many steps: compiled code, buffers before garbage collection;
 * measured.
 */
const GROWTH_BYTES = 100e6;

/** Number of sequences of all validations. */
function evaluatedSequences({ steps, evaluateEvery, corpus, validation }: TrainingPlan): number {
  const onTheWay = Math.ceil(steps / evaluateEvery) * Math.min(SEQUENCES_ON_THE_WAY, validation.sequences);
  return onTheWay + validation.sequences + Math.min(corpus.sequences, validation.sequences);
}

function addWork(a: Work, b: Work): Work {
  const seconds = a.seconds === null || b.seconds === null ? null : a.seconds + b.seconds;
  return { tokens: a.tokens + b.tokens, flops: a.flops + b.flops, seconds };
}

/** Measurements of a model. */
interface Measured {
  /** Seconds of a batch in a step. */
  readonly training: number;
  /** Seconds of a batch whose loss alone is computed. */
  readonly validation: number;
  /** Peak of the compute process. */
  readonly bytes: number;
}

/**
 * Models of at most this size are measured whole: that takes seconds, and memory of any machine.
 */
const SMALL = { parameters: 50e6, batchFlops: 1e12 };
/** Numbers of layers that are measured of larger models, to extrapolate to all. */
const [FEW, MORE] = [2, 4];

async function measureBatches(plan: TrainingPlan, small: boolean, options: RuntimeOptions): Promise<Measured> {
  const { layers } = plan.model;
  if (small || layers <= MORE) return measureLayers(plan, layers, options);
  const few = await measureLayers(plan, FEW, options);
  const more = await measureLayers(plan, MORE, options);
  const ofAll = (name: keyof Measured) => {
    const ofLayer = Math.max(0, more[name] - few[name]) / (MORE - FEW);
    return more[name] + (layers - MORE) * ofLayer;
  };
  return { training: ofAll('training'), validation: ofAll('validation'), bytes: ofAll('bytes') };
}

async function measureLayers(
  { model, batch, accumulate, seed, ...adam }: TrainingPlan,
  layers: number,
  options: RuntimeOptions,
): Promise<Measured> {
  const { momentum, ...shape } = model;
  const someMomentum = Array.isArray(momentum) ? momentum.slice(0, layers) : momentum;
  const config = gptConfig({ ...shape, layers, ...(someMomentum !== null && { momentum: someMomentum as Momentum }) });
  const objective = languageModel(config);
  const sequence = Array.from({ length: model.context + 1 }, (_, t) => t % model.vocabulary);
  const feeds = languageFeeds(Array<number[]>(batch).fill(sequence));
  // The second batch of a step adds to the gradients of the first, and so does every further one.
  const batches = Array<typeof feeds>(Math.min(accumulate, 2)).fill(feeds);
  const runtime = await openRuntime(options);
  try {
    const trainer = await openTrainer(runtime, objective, initialise(objective, seed), {
      ...adam,
      clipNorm: adam.clip,
    });
    const { step, validation } = await usualSeconds({
      step: () => trainer.take(batches, adam.learningRate),
      validation: () => trainer.evaluate(feeds, ['loss']),
    });
    const { peakResidentBytes } = await runtime.usage();
    return { training: step / batches.length, validation, bytes: peakResidentBytes };
  } finally {
    await runtime.close();
  }
}
