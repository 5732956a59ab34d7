import { join } from 'node:path';
import type { Checkpoint } from '../../checkpoint/checkpoint.ts';
import type { FolderLock } from '../../files/lock.ts';
import type { Hooks } from '../../hooks.ts';
import { loadModel } from '../../model/loaded-model.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { releaseAfter } from '../../runtime/scope.ts';
import { type Arm, fileNameOf } from './arm.ts';
import { unlessBusy } from './claim.ts';
import { computeArm, type SharedInSeed, type SharedInTask } from './compute-arm.ts';
import { refuseDiverged } from './diverged.ts';
import { type LearningRates, learningRates, matchedStepsOf } from './learning-rates.ts';
import { type PilotContext, readMatchedRates } from './matched-rates.ts';
import type { TaskFolder } from './task-folder.ts';
import type { Unit } from './units.ts';
import { withUntrained } from './untrained-model.ts';

export interface UnitsOptions extends Pick<Hooks, 'signal' | 'onProgress'> {
  /** Of the study. */
  readonly folder: string;
  readonly checkpoint: Checkpoint;
  readonly batchSize: number;
  /** By name. */
  readonly tasks: ReadonlyMap<string, TaskFolder>;
  readonly onArm: (task: string, arm: Arm) => void;
}

/** A task with what its arms in one model share. */
interface TaskAtWork {
  readonly task: TaskFolder;
  readonly context: PilotContext;
  readonly rates: LearningRates;
  readonly shared: SharedInTask;
}

/**
 * Computes and stores the arms of units, model by model. A unit at which another process works is
 * left to it.
 */
export async function computeUnits(runtime: Runtime, units: readonly Unit[], options: UnitsOptions): Promise<void> {
  const { tasks, batchSize, signal } = options;
  for (const initialisation of new Set([0, ...units.map(unit => unit.initialisation)])) {
    const own = units.filter(unit => unit.initialisation === initialisation);
    const targets = initialisation === 0 ? await withoutTarget(units, tasks) : new Set();
    if (own.length === 0 && targets.size === 0) continue;
    await withModel(initialisation, options, checkpoint =>
      releaseAfter({ runtime }, async owner => {
        const model = await loadModel(checkpoint, owner.runtime);
        const atWork = new Map<string, TaskAtWork>();
        for (const [name, task] of tasks) {
          const context = { model, sequences: task.sequences, batchSize };
          atWork.set(name, { task, context, rates: learningRates(task, signal), shared: {} });
        }
        for (const [name, { rates, context }] of atWork) if (targets.has(name)) await rates.prepare(context);
        for (const unit of own) {
          signal?.throwIfAborted();
          const task = atWork.get(unit.task.name)!;
          const place = join(task.task.work, fileNameOf(unit.arms[0]!));
          await unlessBusy(place, lock => computeUnit(unit, task, { lock, onArm: options.onArm }));
        }
      }),
    );
  }
}

/**
 * Names of the tasks whose units need the size that rates are matched to, which only the trained
 * model gives.
 */
async function withoutTarget(
  units: readonly Unit[],
  tasks: ReadonlyMap<string, TaskFolder>,
): Promise<ReadonlySet<string>> {
  const needed = units.filter(({ arms }) => arms.some(arm => matchedStepsOf(arm) !== undefined));
  const names = new Set<string>();
  for (const name of new Set(needed.map(({ task }) => task.name))) {
    if ((await readMatchedRates(tasks.get(name)!.folder)) === undefined) names.add(name);
  }
  return names;
}

function withModel(
  initialisation: number,
  { checkpoint, folder, onProgress }: UnitsOptions,
  work: (checkpoint: Checkpoint) => Promise<void>,
): Promise<void> {
  if (initialisation === 0) return work(checkpoint);
  return withUntrained(checkpoint, initialisation, { folder, onProgress }, work);
}

async function computeUnit(
  unit: Unit,
  { task, context, rates, shared }: TaskAtWork,
  { lock, onArm }: { readonly lock: FolderLock; readonly onArm: UnitsOptions['onArm'] },
): Promise<void> {
  await releaseAfter(context.model, async model => {
    const seed: SharedInSeed = {};
    for (const arm of unit.arms) {
      // Another process may have stored it meanwhile.
      if (!(await task.store.stored()).has(fileNameOf(arm))) {
        const own = { ...context, model };
        // Before its time is taken: to match a rate is not work of one arm.
        const learningRate = arm.setting === 'finetuned' ? await rates.of(arm, own) : null;
        const rateOf = async (other: Arm) => (other.id === arm.id ? learningRate! : rates.of(other, own));
        const computed = await computeArm({ ...own, rateOf }, arm, { seed, task: shared });
        lock.check();
        await task.store.write(computed);
        if ('why' in computed) await refuseDiverged(task);
      }
      onArm(unit.task.name, arm);
    }
  });
}
