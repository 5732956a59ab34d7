import { join } from 'node:path';
import { UserError } from '../error.ts';
import type { Json } from '../experiment/canonical-json.ts';
import { prettyJson } from '../experiment/pretty-json.ts';
import { type Stopwatch, thisMachine } from '../experiment/provenance.ts';
import { writeText } from '../experiment/run-folder.ts';
import { NonFiniteError } from '../runtime/errors.ts';
import { ownMemory } from '../runtime/memory.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { languageFeeds, languageModel } from './gpt.ts';
import { initialise } from './initialise.ts';
import { writeWeights } from './model-folder.ts';
import { batchOrder, type Sequences } from './packing.ts';
import { tokensOfStep } from './plan.ts';
import type { PreparedTraining } from './prepare.ts';
import type { Numbers } from './problem.ts';
import type { OnTrainingProgress } from './progress.ts';
import { learningRateAt } from './schedule.ts';
import { openTrainer, type Trainer } from './trainer.ts';
import { type LogRow, openTrainingLog } from './training-log.ts';
import type { MeanLoss } from './training-result.ts';
import { readState, writeState } from './training-state.ts';

export const trainingStages = ['preparing', 'training', 'validation', 'checkpoints'] as const;
export type TrainingStage = (typeof trainingStages)[number];

export interface StepsOptions {
  readonly folder: string;
  readonly checkpointEvery: number;
  readonly watch: Stopwatch<TrainingStage>;
  /** Throws when the folder belongs to somebody else by now. */
  readonly checkFolder: () => void;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnTrainingProgress | undefined;
  /** Hears of every step that training could go on from. */
  readonly onSaved: (step: number) => void;
}

/** What training leaves. */
export interface Trained {
  readonly numbers: Numbers;
  readonly rows: readonly LogRow[];
  readonly training: MeanLoss;
  readonly validation: MeanLoss;
  readonly threads: number;
}

/** Validations on the way look at so many sequences, the one at the end at all. */
export const SEQUENCES_ON_THE_WAY = 64;
const FLUSH_EVERY_MS = 1000;

/**
 * Takes the steps of a plan, from the last checkpoint of the folder on. Between two steps it looks at `signal`: when it is aborted, a
 * checkpoint is written before its reason is thrown.
 *
 * @throws UserError the disk refuses, or the numbers leave the finite ones: then the last checkpoint is the one before
 */
export async function trainSteps(
  runtime: Runtime,
  { plan, signature, config, training, validation }: PreparedTraining,
  { folder, checkpointEvery, watch, checkFolder, signal, onProgress, onSaved }: StepsOptions,
): Promise<Trained> {
  const problem = languageModel(config);
  const state = await readState(folder, signature, problem.parameters);
  const log = await openTrainingLog(join(folder, 'train.jsonl'), state?.step ?? 0);
  const { beta1, beta2, epsilon, clip: clipNorm } = plan;
  const adam = { beta1, beta2, epsilon, clipNorm };
  let trainer: Trainer | undefined;
  try {
    trainer = await openTrainer(runtime, problem, state?.parameters ?? initialise(problem, plan.seed), adam);
    if (state !== undefined) await trainer.restore(state);
    const { take, evaluate } = trainer;
    let saved = trainer.step();
    onSaved(saved);

    const save = () =>
      watch.time('checkpoints', async () => {
        if (saved === trainer!.step() && saved > 0) return;
        await log.flush();
        checkFolder();
        const now = await trainer!.state();
        await writeState(folder, signature, problem.parameters, now);
        await writeWeights(folder, problem.parameters, now.parameters);
        saved = now.step;
        onSaved(saved);
        const { peakResidentBytes } = await runtime.usage();
        watch.notePeak(peakResidentBytes + ownMemory().peakResidentBytes);
        const value = { timing: watch.read(), provenance: thisMachine(runtime.threads) };
        await writeText(join(folder, 'provenance.json'), prettyJson(value as unknown as Json));
      });
    const stopIfAsked = async () => {
      if (!signal?.aborted) return;
      await save();
      signal.throwIfAborted();
    };
    const named = async <T>(step: number, work: () => Promise<T>): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        throw error instanceof NonFiniteError ? diverged(step, saved, folder, error) : error;
      }
    };
    const meanLoss = async (sequences: Sequences, numbers: readonly number[]): Promise<MeanLoss> => {
      let sum = 0;
      for (let i = 0; i < numbers.length; i += plan.batch) {
        const rows = numbers.slice(i, i + plan.batch);
        const { loss } = await evaluate(languageFeeds(rows.map(sequences.at)), ['loss']);
        sum += loss!.data[0]! * rows.length;
        await stopIfAsked();
      }
      const tokens = numbers.length * sequences.context;
      watch.add('validation', 0, tokens);
      return { loss: sum / numbers.length, tokens };
    };

    const order = batchOrder(training.length, plan.batch, plan.seed);
    const onTheWay = spread(validation.length, SEQUENCES_ON_THE_WAY);
    const began = { at: performance.now(), step: trainer.step() };
    let flushed = began.at;
    for (let step = trainer.step() + 1; step <= plan.steps; step++) {
      const batches = Array.from({ length: plan.accumulate }, (_, i) =>
        languageFeeds(order((step - 1) * plan.accumulate + i).map(training.at)),
      );
      const learningRate = learningRateAt(step, plan);
      const before = performance.now();
      const taken = await named(step, () => take(batches, learningRate));
      watch.add('training', (performance.now() - before) / 1000, tokensOfStep(plan));
      log.add({ step, ...taken, learningRate });
      if (step % plan.evaluateEvery === 0 || step === plan.steps) {
        const { loss } = await watch.time('validation', () => named(step, () => meanLoss(validation, onTheWay)));
        log.add({ step, validationLoss: loss });
      }
      if (step % checkpointEvery === 0 || step === plan.steps) await save();
      await stopIfAsked();
      if (performance.now() - flushed > FLUSH_EVERY_MS) {
        await log.flush();
        flushed = performance.now();
      }
      const rate = ((step - began.step) * tokensOfStep(plan) * 1000) / (performance.now() - began.at);
      const detail = `loss ${taken.loss.toFixed(3)}, ${Math.round(rate)} tokens/s`;
      onProgress?.({ stage: 'training', done: step, total: plan.steps, unit: 'steps', detail });
    }
    const all = Array.from({ length: validation.length }, (_, i) => i);
    const losses = await watch.time('validation', async () => ({
      training: await meanLoss(training, spread(training.length, validation.length)),
      validation: await meanLoss(validation, all),
    }));
    return { numbers: (await trainer.state()).parameters, rows: log.rows(), threads: runtime.threads, ...losses };
  } finally {
    await log.close();
    await trainer?.close();
  }
}

function diverged(step: number, saved: number, folder: string, cause: NonFiniteError): UserError {
  const kept = saved === 0 ? '' : `; the checkpoint of step ${saved} is kept in ${folder}`;
  return new UserError(
    `step ${step}: training diverged: ${cause.message}${kept}; train anew with a lower --learning-rate and another --out`,
    { cause },
  );
}

/** `count` numbers below n with equal gaps, all of them where there are no more. */
function spread(n: number, count: number): readonly number[] {
  const taken = Math.min(n, count);
  return Array.from({ length: taken }, (_, i) => Math.floor((i * n) / taken));
}
