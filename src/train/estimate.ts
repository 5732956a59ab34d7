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
  /** Null when it was not asked to measure. */
  readonly seconds: number | null;
}

/** What a training run would compute. */
export interface TrainingEstimate {
  readonly signature: string;
  /** Where it would be stored; absolute. */
  readonly folder: string;
  readonly plan: TrainingPlan;
  readonly parameters: number;
  readonly stages: Readonly<Record<'training' | 'validation' | 'checkpoints', Work>>;
  readonly total: Work;
  /** At its highest, both processes together; null when it was not asked to measure. */
  readonly memoryBytes: number | null;
  /**
   * What a batch took, forward and backward, and its share of a step; null when it was not asked to
   * measure.
   */
  readonly secondsOfBatch: number | null;
}

export interface TrainingEstimateOptions extends TrainingOptions, Hooks {
  /** Whether to measure batches, a few seconds; they are measured unless this is false. */
  readonly calibrate?: boolean | undefined;
}

/**
 * Says what a training run would take without doing it: batches are measured, those of a large
 * model on a few of its layers.
 *
 * @throws UserError as trainModel, before anything is computed
 */
export async function estimateTraining(options: TrainingEstimateOptions = {}): Promise<TrainingEstimate> {
  const { calibrate = true, ...others } = options;
  const { hooks, wishes } = splitHooks(others);
  const { out, threads, signal } = hooks;
  const { plan, signature, config } = await prepareTraining(wishes, hooks);
  const { steps, batch, accumulate, model } = plan;
  const decoder = readDecoder(config, 'the model to train');
  const parameters = elements(decoder.tensors);
  const prepared = ownMemory().residentBytes;
  const T = model.context;
  const batchFlops = trainingFlops(decoder, { B: batch, T });
  const small = parameters <= SMALL.parameters && batchFlops <= SMALL.batchFlops;
  const measured = calibrate ? await measureBatches(plan, small, { threads, signal }) : null;

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
    // A checkpoint brings parameters and moments here.
    memoryBytes: measured && Math.round(prepared + 12 * parameters + measured.bytes + GROWTH_BYTES),
    secondsOfBatch: measured?.training ?? null,
  };
}

/**
 * To fetch parameters and moments and to write them and the model, four bytes each: of every
 * checkpoint, and of its bytes; measured.
 */
const CHECKPOINT = { seconds: 0.03, bytesASecond: 350e6 };

/**
 * By which both processes grow in a run of many steps: code that is compiled, buffers that wait for
 * collection; measured.
 */
const GROWTH_BYTES = 100e6;

/** Sequences of all validations. */
function evaluatedSequences({ steps, evaluateEvery, corpus, validation }: TrainingPlan): number {
  const onTheWay = Math.ceil(steps / evaluateEvery) * Math.min(SEQUENCES_ON_THE_WAY, validation.sequences);
  return onTheWay + validation.sequences + Math.min(corpus.sequences, validation.sequences);
}

function addWork(a: Work, b: Work): Work {
  const seconds = a.seconds === null || b.seconds === null ? null : a.seconds + b.seconds;
  return { tokens: a.tokens + b.tokens, flops: a.flops + b.flops, seconds };
}

/** What was measured of a model. */
interface Measured {
  /** Seconds of a batch in a step. */
  readonly training: number;
  /** Seconds of a batch whose loss alone is asked. */
  readonly validation: number;
  /** Of the compute process at its highest. */
  readonly bytes: number;
}

/** Models that are measured as they are: in seconds, and in memory that every machine has. */
const SMALL = { parameters: 50e6, batchFlops: 1e12 };
/** So many layers of others are measured; a further one takes what the last ones added. */
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
  const problem = languageModel(config);
  const sequence = Array.from({ length: model.context + 1 }, (_, t) => t % model.vocabulary);
  const feeds = languageFeeds(Array<number[]>(batch).fill(sequence));
  // The second batch of a step adds to the gradients of the first, and so does every further one.
  const batches = Array<typeof feeds>(Math.min(accumulate, 2)).fill(feeds);
  const runtime = await openRuntime(options);
  try {
    const trainer = await openTrainer(runtime, problem, initialise(problem, seed), { ...adam, clipNorm: adam.clip });
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
