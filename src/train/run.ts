import { join, relative, resolve } from 'node:path';
import type { Json } from '../files/canonical-json.ts';
import { fileDigest } from '../files/digest.ts';
import { prettyJson } from '../files/pretty-json.ts';
import { claimFolder, makeFolder, readFinished, readJson, writeResult, writeText } from '../files/run-folder.ts';
import { type Hooks, splitHooks } from '../hooks.ts';
import { Interrupted } from '../run/interrupted.ts';
import {
  deviceToResume,
  type Provenance,
  type ProvenanceFile,
  readProvenance,
  type Stopwatch,
  stopwatch,
  type Timing,
  unknownMachine,
} from '../run/provenance.ts';
import { type RuntimeLender, withRuntime } from '../runtime/node/open-runtime.ts';
import { deviceForTraining } from './device-for-training.ts';
import { languageFeeds, languageModel } from './gpt.ts';
import { lossCurve } from './loss-curve.ts';
import { writeModelConfig, writeWeights } from './model-folder.ts';
import type { TrainingOptions } from './options.ts';
import { upgradeTrainingPlan } from './plan.ts';
import { type PreparedTraining, prepareTraining } from './prepare.ts';
import { type Trained, type TrainingStage, trainingStages, trainSteps, usualCheckpointEvery } from './train-steps.ts';
import { makeTrainingResult, type TrainingResult, upgradeTrainingResult } from './training-result.ts';
import { removeState } from './training-state.ts';

/** `out` becomes a model's folder. */
export type TrainRunOptions = TrainingOptions & Hooks;

export interface TrainRun {
  /** Absolute. */
  readonly folder: string;
  readonly result: TrainingResult;
  readonly timing: Timing<TrainingStage>;
  readonly provenance: Provenance;
  /** Steps that earlier calls stored; all of them when the run was already finished. */
  readonly found: number;
}

/**
 * Trains a GPT decoder from scratch. Its folder becomes a model folder. An interrupted or killed
 * run continues from its last checkpoint and ends with the same bytes in every file but
 * `provenance.json`; a finished run is not computed again.
 *
 * @param lender keeps the compute process for further trainings
 * @throws UserError for options, corpus, the run folder, the disk, or diverged training
 * @throws Interrupted after `signal`
 */
export async function trainModel(options: TrainRunOptions = {}, lender?: RuntimeLender): Promise<TrainRun> {
  const { hooks, wishes } = splitHooks(options);
  const { checkpointEvery } = wishes;
  const { out, threads, signal, onProgress, onWarning } = hooks;
  let place: { readonly folder: string; readonly steps: number; saved: number } | undefined;
  try {
    signal?.throwIfAborted();
    const started = performance.now();
    const prepared = await prepareTraining(wishes, hooks);
    const { plan, signature } = prepared;
    const folder = resolve(out ?? join('runs', signature));
    const finished = await readFinished(folder, plan, upgradeTrainingPlan);
    if (finished !== undefined) {
      await removeState(folder);
      const result = upgradeTrainingResult(finished.result, signature);
      return { folder, result, ...timesOf(finished.provenance, threads), found: plan.steps };
    }
    const lock = await makeFolder(folder);
    try {
      await claimFolder(folder, plan, upgradeTrainingPlan);
      await writeModelConfig(folder, prepared);
      const earlier = readProvenance(trainingStages, await readJson(join(folder, 'provenance.json')));
      const watch = stopwatch(trainingStages, earlier?.timing);
      watch.add('preparing', (performance.now() - started) / 1000);
      const asked = deviceToResume(folder, hooks.device, earlier?.provenance);
      const sample = languageFeeds([prepared.training.at(0)]);
      const device = await deviceForTraining(languageModel(prepared.config), sample, { ...hooks, device: asked });
      let found: number | undefined;
      const trained = await withRuntime(
        {
          threads: threads ?? earlier?.provenance.threads,
          device,
          lender,
          // The signal does not stop the process: the current step is needed for the checkpoint.
          onWarning,
        },
        runtime =>
          trainSteps(runtime, prepared, {
            ...{ folder, watch, signal, onProgress },
            checkpointEvery: checkpointEvery ?? usualCheckpointEvery(plan),
            checkFolder: lock.check,
            onSaved: saved => {
              place = { folder, steps: plan.steps, saved };
              found ??= saved;
            },
          }),
      );
      return { folder, ...(await finish(folder, prepared, trained, watch)), found: found ?? 0 };
    } finally {
      await lock.release();
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
    throw interrupted(place, error);
  }
}

/** Writes the results of the run; result.json last. */
async function finish(
  folder: string,
  { plan, signature, config }: PreparedTraining,
  { numbers, rows, machine, training, validation }: Trained,
  watch: Stopwatch<TrainingStage>,
): Promise<Pick<TrainRun, 'result' | 'timing' | 'provenance'>> {
  await writeWeights(folder, languageModel(config).parameters, numbers);
  await writeText(join(folder, 'losses.svg'), lossCurve(rows, plan));
  const digest = await fileDigest(join(folder, 'model.safetensors'));
  const result = makeTrainingResult(plan, { signature, digest, numbers, training, validation });
  const times = { timing: watch.read(), provenance: machine };
  await writeText(join(folder, 'provenance.json'), prettyJson(times as unknown as Json));
  await writeResult(folder, result as unknown as Json);
  await removeState(folder);
  return { result, ...times };
}

function timesOf(provenance: Json | undefined, threads: number | undefined): ProvenanceFile<TrainingStage> {
  const earlier = readProvenance(trainingStages, provenance);
  return (
    earlier ?? {
      timing: stopwatch(trainingStages, undefined).read(),
      provenance: unknownMachine(threads),
    }
  );
}

function interrupted(
  place: { readonly folder: string; readonly steps: number; readonly saved: number } | undefined,
  cause: unknown,
): Interrupted {
  if (place === undefined) return new Interrupted('interrupted before training began', { cause });
  const { folder, steps, saved } = place;
  return new Interrupted(
    `interrupted after step ${saved} of ${steps}, stored in ${relative('.', folder)}; the same command resumes from there`,
    { folder, cause },
  );
}
