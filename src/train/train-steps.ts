import { join } from 'node:path';
import { UserError } from '../error.ts';
import type { Json } from '../files/canonical-json.ts';
import { prettyJson } from '../files/pretty-json.ts';
import { writeText } from '../files/run-folder.ts';
import type { OnProgress } from '../hooks.ts';
import { type Provenance, type Stopwatch, thisMachine } from '../run/provenance.ts';
import { NonFiniteError } from '../runtime/errors.ts';
import { ownMemory } from '../runtime/node/memory.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { languageFeeds, languageModel } from './gpt.ts';
import { initialise } from './initialise.ts';
import { evenlySpaced, type MeanLoss, meanLoss } from './mean-loss.ts';
import { writeWeights } from './model-folder.ts';
import type { Numbers } from './objective.ts';
import { batchOrder, type Sequences } from './packing.ts';
import { earlierSignature, type TrainingPlan, tokensOfStep } from './plan.ts';
import type { PreparedTraining } from './prepare.ts';
import { learningRateAt } from './schedule.ts';
import { openTrainer, type Trainer } from './trainer.ts';
import { type LogRow, openTrainingLog } from './training-log.ts';
import { readState, writeState } from './training-state.ts';

export const trainingStages = ['preparing', 'training', 'validation', 'checkpoints'] as const;
export type TrainingStage = (typeof trainingStages)[number];

export interface StepsOptions {
  readonly folder: string;
  readonly checkpointEvery: number;
  readonly watch: Stopwatch<TrainingStage>;
  /** Throws when another process has taken the folder. */
  readonly checkFolder: () => void;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress | undefined;
  /** Receives every step with a checkpoint. */
  readonly onSaved: (step: number) => void;
}

/** The end of training. */
export interface Trained {
  readonly numbers: Numbers;
  readonly rows: readonly LogRow[];
  readonly training: MeanLoss;
  readonly validation: MeanLoss;
  readonly machine: Provenance;
}

/** Sequences of a validation during training; the last validation takes all. */
export const SEQUENCES_ON_THE_WAY = 64;
const FLUSH_EVERY_MS = 1000;

/** Default number of steps between checkpoints. */
export function usualCheckpointEvery({ steps }: Pick<TrainingPlan, 'steps'>): number {
  return Math.ceil(steps / 20);
}

/**
 * Takes the steps of a plan, from the last checkpoint of the folder on. When `signal` is aborted,
 * finishes the current step and writes a checkpoint before it throws the reason.
 *
 * @throws UserError when the disk cannot be written, or training diverges; the last checkpoint
 * stays
 */
export async function trainSteps(
  runtime: Runtime,
  { plan, signature, config, training, validation }: PreparedTraining,
  { folder, checkpointEvery, watch, checkFolder, signal, onProgress, onSaved }: StepsOptions,
): Promise<Trained> {
  const objective = languageModel(config);
  const state = await readState(folder, [signature, earlierSignature(plan)], objective.parameters);
  const log = await openTrainingLog(join(folder, 'train.jsonl'), state?.step ?? 0);
  const { batch, accumulate, steps } = plan;
  let trainer: Trainer | undefined;
  try {
    trainer = await openTrainer(runtime, objective, state?.parameters ?? initialise(objective, plan.seed), {
      ...plan,
      clipNorm: plan.clip,
    });
    if (state !== undefined) await trainer.restore(state);
    const opened = trainer;
    let saved = opened.step();
    onSaved(saved);

    const save = async () => {
      if (saved === opened.step()) return;
      await log.flush();
      checkFolder();
      const now = await opened.state();
      await writeState(folder, signature, objective.parameters, now);
      await writeWeights(folder, objective.parameters, now.parameters);
      saved = now.step;
      onSaved(saved);
      const { peakResidentBytes } = await runtime.usage();
      watch.notePeak(peakResidentBytes + ownMemory().peakResidentBytes);
      const value = { timing: watch.read(), provenance: thisMachine(runtime) };
      await writeText(join(folder, 'provenance.json'), prettyJson(value as unknown as Json));
    };
    const validate = (sequences: Sequences, numbers: readonly number[], onBatch?: () => void): Promise<MeanLoss> =>
      watch.time('validation', async () => {
        const mean = await meanLoss(opened, sequences, numbers, { batch, ...(onBatch && { onBatch }) });
        watch.add('validation', 0, mean.tokens);
        return mean;
      });

    const order = batchOrder(training.length, batch, plan.seed);
    const onTheWay = evenlySpaced(validation.length, SEQUENCES_ON_THE_WAY);
    const began = { at: performance.now(), step: opened.step() };
    let flushed = began.at;
    for (let step = opened.step() + 1; step <= steps; step++) {
      const batches = Array.from({ length: accumulate }, (_, i) =>
        languageFeeds(order((step - 1) * accumulate + i).map(training.at)),
      );
      const learningRate = learningRateAt(step, plan);
      const start = performance.now();
      try {
        const taken = await opened.take(batches, learningRate);
        watch.add('training', (performance.now() - start) / 1000, tokensOfStep(plan));
        log.add({ step, ...taken, learningRate });
        if (step % plan.evaluateEvery === 0 || step === steps) {
          log.add({ step, validationLoss: (await validate(validation, onTheWay)).loss });
        }
        const rate = ((step - began.step) * tokensOfStep(plan) * 1000) / (performance.now() - began.at);
        const detail = `loss ${taken.loss.toFixed(3)}, ${Math.round(rate)} tokens/s`;
        if (step % checkpointEvery === 0 || step === steps || signal?.aborted) await watch.time('checkpoints', save);
        signal?.throwIfAborted();
        onProgress?.({ stage: 'training', done: step, total: steps, unit: 'steps', detail });
      } catch (error) {
        throw error instanceof NonFiniteError ? diverged(step, saved, folder, error) : error;
      }
      if (performance.now() - flushed > FLUSH_EVERY_MS) {
        await log.flush();
        flushed = performance.now();
      }
    }
    const stopIfAsked = () => signal?.throwIfAborted();
    return {
      numbers: (await opened.state()).parameters,
      rows: log.rows(),
      machine: thisMachine(runtime),
      training: await validate(training, evenlySpaced(training.length, validation.length), stopIfAsked),
      validation: await validate(validation, evenlySpaced(validation.length, validation.length), stopIfAsked),
    };
  } finally {
    try {
      await log.close();
    } finally {
      await trainer?.close();
    }
  }
}

function diverged(step: number, saved: number, folder: string, cause: NonFiniteError): UserError {
  const kept = saved === 0 ? '' : `; the checkpoint of step ${saved} is kept in ${folder}`;
  return new UserError(`step ${step}: training diverged: ${cause.message}${kept}`, {
    remedy: 'train again with a lower `learningRate` and another `out`',
    cause,
  });
}
