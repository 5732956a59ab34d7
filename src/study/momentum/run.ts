import { join, relative, resolve } from 'node:path';
import type { Json } from '../../files/canonical-json.ts';
import type { FolderLock } from '../../files/lock.ts';
import { prettyJson } from '../../files/pretty-json.ts';
import { valueAt } from '../../files/rename-keys.ts';
import { claimFolder, makeFolder, readFinished, readJson, writeResult, writeText } from '../../files/run-folder.ts';
import { type Device, type Hooks, type Progress, splitHooks } from '../../hooks.ts';
import { Interrupted } from '../../run/interrupted.ts';
import { signatureOf } from '../../run/plan.ts';
import {
  deviceToResume,
  type Provenance,
  readProvenance,
  stopwatch,
  type Timing,
  thisMachine,
  unknownMachine,
} from '../../run/provenance.ts';
import { physicalCores } from '../../runtime/node/cores.ts';
import { passOnWarnings } from '../../task/warnings.ts';
import { deviceForTraining } from '../../train/device-for-training.ts';
import type { CellRecord } from './cell-record.ts';
import { readCell, writeCell } from './cell-record.ts';
import { drawFigures } from './figures.ts';
import type { StudyWishes } from './options.ts';
import {
  type Cell,
  cellsOf,
  type MomentumPlan,
  nameOf,
  type TaskName,
  taskNames,
  upgradeMomentumPlan,
} from './plan.ts';
import { planStudy } from './plan-study.ts';
import { foldResult, type MomentumResult } from './result.ts';
import { trainAll } from './train-all.ts';
import type { Trainee } from './trainee.ts';
import { makeTrainees } from './trainees.ts';

/** `threads` models are trained at once, each on one thread. */
export type MomentumOptions = StudyWishes & Hooks;

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

/** What the message of an interruption contains; filled when training begins. */
interface State {
  folder?: string;
  cells?: number;
  records?: ReadonlyMap<string, CellRecord>;
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
  const { hooks, wishes } = splitHooks(options);
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
      return await trainMissing(planned.plan, { trainees, folder, lock, workers, state }, hooks);
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

/** Trains the cells that are not in the folder yet, then writes result and figures. */
async function trainMissing(
  plan: MomentumPlan,
  {
    trainees,
    folder,
    lock,
    workers,
    state,
  }: {
    readonly trainees: readonly Trainee[];
    readonly folder: string;
    readonly lock: FolderLock;
    readonly workers: number;
    readonly state: State;
  },
  hooks: Hooks,
): Promise<MomentumRun> {
  const { signal, onProgress, onWarning } = hooks;
  const cells = cellsOf(plan);
  const records = new Map<string, CellRecord>();
  for (const cell of cells) {
    const record = await readCell(folder, cell);
    if (record !== undefined) records.set(nameOf(cell), record);
  }
  const found = records.size;
  Object.assign(state, { folder, cells: cells.length, records });
  const earlier = readProvenance(taskNames, await readJson(join(folder, 'provenance.json')));
  const watch = stopwatch(taskNames, earlier?.timing);
  const begun = deviceToResume(folder, hooks.device, found > 0 ? earlier?.provenance : undefined);
  const missing = cells.filter(cell => !records.has(nameOf(cell)));
  const device = await deviceForCells(missing, trainees, { ...hooks, device: begun });
  let provenance = earlier?.provenance ?? unknownMachine(workers);
  await trainAll(missing, {
    ...{ plan, trainees, workers, device, signal, watch, onWarning },
    onSteps: steps => onProgress?.(progressOf(trainees, cells, records, steps)),
    onRecord: async (record, device) => {
      lock.check();
      await writeCell(folder, record);
      records.set(nameOf(record), record);
      provenance = thisMachine({ threads: workers, device });
      const times = { timing: watch.read(), provenance };
      await writeText(join(folder, 'provenance.json'), prettyJson(times as unknown as Json));
    },
  });
  const described = trainees.map(trainee => ({ ...trainee, baselines: trainee.baselines() }));
  const result = foldResult(plan, signatureOf(plan), described, [...records.values()]);
  for (const { file, svg } of drawFigures(result)) await writeText(join(folder, file), svg);
  await writeResult(folder, result as unknown as Json);
  return { folder, result, timing: watch.read(), provenance, cells: cells.length, found };
}

/** For `auto`, a step of the first cell is compared with the processor. */
async function deviceForCells(
  [first]: readonly Cell[],
  trainees: readonly Trainee[],
  hooks: Hooks,
): Promise<Device | undefined> {
  if (first === undefined) return hooks.device;
  const { objective, batch } = trainees.find(({ task }) => task === first.task)!;
  return deviceForTraining(objective(undefined), batch(first.seed, 0), hooks);
}

/** @param steps done in cells that are not finished */
function progressOf(
  trainees: readonly Trainee[],
  cells: readonly Cell[],
  records: ReadonlyMap<string, CellRecord>,
  steps: number,
): Progress {
  const stepsOf = (some: readonly { readonly task: TaskName }[]) =>
    some.reduce((sum, { task }) => sum + trainees.find(trainee => trainee.task === task)!.training.steps, 0);
  return { stage: 'training', done: stepsOf([...records.values()]) + steps, total: stepsOf(cells), unit: 'steps' };
}

function interrupted({ folder, cells, records }: State, cause: unknown): Interrupted {
  if (folder === undefined) return new Interrupted('interrupted before the study began', { cause });
  const place = relative('.', folder) || folder;
  return new Interrupted(
    `interrupted with ${records!.size} of ${cells} models trained, kept in ${place}; the same command resumes from there`,
    { folder, cause },
  );
}
