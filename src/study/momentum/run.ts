import { join, relative, resolve } from 'node:path';
import type { MakeExecutor } from '../../cell/executor.ts';
import { here } from '../../cell/here.ts';
import type { Json } from '../../files/canonical-json.ts';
import type { FolderLock } from '../../files/lock.ts';
import { valueAt } from '../../files/rename-keys.ts';
import { claimFolder, makeFolder, readFinished, writeResult, writeText } from '../../files/run-folder.ts';
import { type Device, type Hooks, type Progress, splitHooks } from '../../hooks.ts';
import { computeParts } from '../../run/compute-parts.ts';
import { Interrupted } from '../../run/interrupted.ts';
import { signatureOf } from '../../run/plan.ts';
import { type Provenance, readProvenance, stopwatch, type Timing, unknownMachine } from '../../run/provenance.ts';
import { physicalCores } from '../../runtime/node/cores.ts';
import { passOnWarnings } from '../../task/warnings.ts';
import { deviceForTraining } from '../../train/device-for-training.ts';
import { cellOf, modelKind, modelOf } from './cell-kind.ts';
import type { CellRecord } from './cell-record.ts';
import { readCell } from './cell-record.ts';
import { drawFigures } from './figures.ts';
import type { StudyWishes } from './options.ts';
import {
  cellsOf,
  type ModelCell,
  type MomentumPlan,
  nameOf,
  type TaskName,
  taskNames,
  upgradeMomentumPlan,
} from './plan.ts';
import { planStudy } from './plan-study.ts';
import { foldResult, type MomentumResult } from './result.ts';
import type { Trainee } from './trainee.ts';
import { makeTrainees } from './trainees.ts';

/** `threads` models are trained at once, each on one thread. */
export interface MomentumOptions extends StudyWishes, Hooks {
  /** Trains the models that are missing; `here` unless given. */
  readonly executor?: MakeExecutor | undefined;
}

export interface MomentumRun {
  /** Absolute. */
  readonly folder: string;
  readonly result: MomentumResult;
  /** Times by task, summed over all models. */
  readonly timing: Timing<TaskName>;
  readonly provenance: Provenance;
  readonly cells: number;
  /** Cells that earlier calls trained. */
  readonly found: number;
}

interface Study {
  readonly trainees: readonly Trainee[];
  readonly wishes: StudyWishes;
  readonly folder: string;
  readonly lock: FolderLock;
  readonly workers: number;
  readonly state: State;
  readonly executor: MakeExecutor | undefined;
}

/** What the message of an interruption contains; filled when training begins. */
interface State {
  folder?: string;
  cells?: number;
  done?: number;
}

/**
 * Compares momentum attention with plain attention (Dai et al. 2022, section 5). Trains a model
 * from scratch for every task, seed and eta; those of one task and seed have the same initial
 * weights and batches. Each is trained on one thread, so that the numbers do not depend on how many
 * are trained at once. A study that was stopped, even killed, resumes with the cells that are
 * missing and ends with the same bytes.
 *
 * @throws UserError what the user can fix: options, corpus, the folder, the disk
 * @throws Interrupted after `signal`
 */
export async function runMomentum(options: MomentumOptions = {}): Promise<MomentumRun> {
  const { executor, ...others } = options;
  const { hooks, wishes } = splitHooks(others);
  const { out, threads, signal, onWarning } = hooks;
  const state: State = {};
  try {
    signal?.throwIfAborted();
    const planned = await planStudy(wishes, hooks);
    for (const task of planned.language?.classification ?? []) passOnWarnings(task, onWarning);
    const signature = signatureOf(planned.plan);
    const folder = resolve(out ?? join('runs', signature));
    const workers = threads ?? physicalCores();
    const finished = await readFinished(folder, planned.plan, upgradeMomentumPlan);
    // A result of an earlier version is computed again from its cells.
    if (finished !== undefined && valueAt(finished.result, 'signature') === signature)
      return finishedRun(folder, planned.plan, finished, workers);
    // Tasks that cannot be evaluated are refused before the folder is claimed.
    const trainees = makeTrainees(planned);
    const lock = await makeFolder(folder);
    try {
      await claimFolder(folder, planned.plan, upgradeMomentumPlan);
      return await trainMissing(planned.plan, { trainees, wishes, folder, lock, workers, state, executor }, hooks);
    } finally {
      await lock.release();
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
    throw interrupted(state, error);
  }
}

function finishedRun(
  folder: string,
  plan: MomentumPlan,
  { result, provenance }: { readonly result: Json; readonly provenance: Json | undefined },
  workers: number,
): MomentumRun {
  const earlier = readProvenance(taskNames, provenance);
  const { length: cells } = cellsOf(plan);
  return {
    folder,
    result: result as unknown as MomentumResult,
    timing: earlier?.timing ?? stopwatch(taskNames, undefined).read(),
    provenance: earlier?.provenance ?? unknownMachine(workers),
    cells,
    found: cells,
  };
}

/** Trains the models that are not in the folder yet, then writes result and figures. */
async function trainMissing(
  plan: MomentumPlan,
  { trainees, wishes, folder, lock, workers, state, executor }: Study,
  hooks: Hooks,
): Promise<MomentumRun> {
  const models = cellsOf(plan);
  const records = await readRecords(folder, models);
  const found = records.size;
  const cells = models.map(model => cellOf(model, wishes));
  const steps = stepsDone(trainees, models, records);
  Object.assign(state, { folder, cells: cells.length, done: found });
  hooks.onProgress?.(steps.progress());
  const { timing, provenance } = await computeParts(
    cells,
    {
      ...{ folder, lock, kind: modelKind({ plan, trainees }), all: cells, stages: taskNames },
      // Processes tell their memory alone.
      jobs: executor === undefined ? workers : 1,
      stageOf: ({ options }) => modelOf(options).task,
      settleDevice: ([first], asked) => deviceForModels(modelOf(first!.options), trainees, asked),
      executor: executor ?? ((kinds, given) => here(kinds, { ...given, jobs: workers })),
      onProgress: ({ options }, { done }) => hooks.onProgress?.(steps.progress(modelOf(options), done)),
      onFinished: ({ options }) => {
        state.done!++;
        hooks.onProgress?.(steps.progress(modelOf(options)));
      },
    },
    hooks,
  );
  const trained = await readRecords(folder, models);
  const described = trainees.map(trainee => ({ ...trainee, baselines: trainee.baselines() }));
  const result = foldResult(plan, signatureOf(plan), described, [...trained.values()]);
  for (const { file, svg } of drawFigures(result)) await writeText(join(folder, file), svg);
  await writeResult(folder, result as unknown as Json);
  return { folder, result, timing, provenance, cells: cells.length, found };
}

/** By the name of the model; those that are not trained are left out. */
async function readRecords(folder: string, models: readonly ModelCell[]): Promise<ReadonlyMap<string, CellRecord>> {
  const records = new Map<string, CellRecord>();
  for (const model of models) {
    const record = await readCell(folder, model);
    if (record !== undefined) records.set(nameOf(model), record);
  }
  return records;
}

/** For `auto`, a step of the first model is compared with the processor. */
async function deviceForModels(
  { task, seed }: ModelCell,
  trainees: readonly Trainee[],
  hooks: Hooks,
): Promise<Device | undefined> {
  const { objective, batch } = trainees.find(trainee => trainee.task === task)!;
  return deviceForTraining(objective(undefined), batch(seed, 0), hooks);
}

/** Counts the steps of all models. */
function stepsDone(
  trainees: readonly Trainee[],
  models: readonly ModelCell[],
  records: ReadonlyMap<string, CellRecord>,
) {
  const stepsOf = ({ task }: ModelCell) => trainees.find(trainee => trainee.task === task)!.training.steps;
  const total = models.reduce((sum, model) => sum + stepsOf(model), 0);
  const steps = new Map([...records.values()].map(model => [nameOf(model), stepsOf(model)]));
  return {
    /** @param done of the model; all of its steps unless given */
    progress: (model?: ModelCell, done?: number): Progress => {
      if (model !== undefined) steps.set(nameOf(model), done ?? stepsOf(model));
      const all = [...steps.values()].reduce((sum, some) => sum + some, 0);
      return { stage: 'training', done: all, total, unit: 'steps' };
    },
  };
}

function interrupted({ folder, cells, done }: State, cause: unknown): Interrupted {
  if (folder === undefined) return new Interrupted('interrupted before the study began', { cause });
  const place = relative('.', folder) || folder;
  return new Interrupted(
    `interrupted with ${done} of ${cells} models trained, kept in ${place}; the same command resumes from there`,
    { folder, cause },
  );
}
