/** @file Computes the arms of a study that its folder lacks. */
import { rmdir } from 'node:fs/promises';
import { relative } from 'node:path';
import type { Hooks } from '../../hooks.ts';
import { deviceForModel } from '../../run/device-for-model.ts';
import { Interrupted } from '../../run/interrupted.ts';
import { ownMemory } from '../../runtime/node/memory.ts';
import { withRuntime } from '../../runtime/node/open-runtime.ts';
import { fileNameOf } from './arm.ts';
import { computeUnits } from './compute-units.ts';
import { refuseDiverged } from './diverged.ts';
import type { StudyInputs } from './study-inputs.ts';
import { openTaskFolder, type TaskFolder } from './task-folder.ts';
import { type Unit, unitsOf, unitsOfShard } from './units.ts';
import { workTally } from './work-tally.ts';

export interface RunArmsOptions extends Pick<Hooks, 'threads' | 'device' | 'signal' | 'onProgress' | 'onWarning'> {
  /** Of the study. */
  readonly folder: string;
  /** Computes only every n-th unit of arms, from the i-th on. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
}

/** How far the arms of a study are. */
export interface ArmsStatus {
  /** Of the plan, over all tasks. */
  readonly arms: number;
  /** Stored before this call. */
  readonly found: number;
  /** Not stored yet: those of other shards and of other processes. */
  readonly missing: readonly { readonly task: string; readonly arm: string }[];
  /** Peak of this process and the compute process together; 0 if nothing was computed. */
  readonly peakMemoryBytes: number;
  /** Time in forward passes and steps. */
  readonly graphSeconds: number;
}

/**
 * Computes the arms of a study that its folder lacks, or those of a shard. Several processes may do
 * so at once; each arm is computed by one of them. A call that was stopped, even killed, loses the
 * arm at work; the next one resumes, and every number is the same.
 *
 * @throws UserError when the folder holds other token ids, more than a quarter of the seeds of a
 * variant diverge, or the disk refuses
 * @throws Interrupted after `signal`
 */
export async function runArms(inputs: StudyInputs, options: RunArmsOptions): Promise<ArmsStatus> {
  const { folder, shard, threads, signal, onProgress, onWarning } = options;
  const { plan, model } = inputs;
  const tasks = new Map<string, TaskFolder>();
  try {
    signal?.throwIfAborted();
    for (const task of inputs.tasks) tasks.set(task.plan.name, await openTaskFolder(folder, inputs, task));
    for (const task of tasks.values()) await refuseDiverged(task);
    const before = await statusOf(tasks);
    const units = unitsOfShard(unitsOf(plan), shard);
    const missing = await unfinished(units, tasks);
    let used = { peakMemoryBytes: 0, graphSeconds: 0 };
    if (missing.length > 0) {
      const { onArm } = workTally(units, missing, tasks, onProgress);
      const { checkpoint } = model;
      const device = await deviceForModel(checkpoint, options);
      const work = { folder, checkpoint, batchSize: plan.batchSize, tasks, onArm, signal, onProgress };
      used = await withRuntime({ threads, device, signal, onWarning }, async runtime => {
        await computeUnits(runtime, await unfinished(units, tasks), work);
        const { peakResidentBytes, graphSeconds } = await runtime.usage();
        return { peakMemoryBytes: peakResidentBytes + ownMemory().peakResidentBytes, graphSeconds };
      });
    }
    for (const { work } of tasks.values()) await rmdir(work).catch(() => undefined);
    return { ...(await statusOf(tasks)), found: before.arms - before.missing.length, ...used };
  } catch (error) {
    if (!signal?.aborted) throw error;
    throw await interrupted(folder, tasks, error);
  }
}

async function statusOf(tasks: ReadonlyMap<string, TaskFolder>): Promise<Pick<ArmsStatus, 'arms' | 'missing'>> {
  const missing: ArmsStatus['missing'][number][] = [];
  let arms = 0;
  for (const [task, { sequences, store }] of tasks) {
    const stored = await store.stored();
    arms += sequences.plan.arms.length;
    for (const arm of sequences.plan.arms) if (!stored.has(fileNameOf({ id: arm }))) missing.push({ task, arm });
  }
  return { arms, missing };
}

/** The units of which arms are missing, with those arms. */
async function unfinished(units: readonly Unit[], tasks: ReadonlyMap<string, TaskFolder>): Promise<readonly Unit[]> {
  const stored = new Map<string, ReadonlySet<string>>();
  for (const [name, { store }] of tasks) stored.set(name, await store.stored());
  return units
    .map(unit => ({ ...unit, arms: unit.arms.filter(arm => !stored.get(unit.task.name)!.has(fileNameOf(arm))) }))
    .filter(({ arms }) => arms.length > 0);
}

async function interrupted(
  folder: string,
  tasks: ReadonlyMap<string, TaskFolder>,
  cause: unknown,
): Promise<Interrupted> {
  if (tasks.size === 0) return new Interrupted('interrupted before the first arm', { cause });
  const { arms, missing } = await statusOf(tasks);
  return new Interrupted(
    `interrupted with ${arms - missing.length} of ${arms} arms stored in ${relative('.', folder)}; the same command resumes from there`,
    { folder, cause },
  );
}
