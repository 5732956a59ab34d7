/** @file Computes the arms of a study that its folder lacks. */
import { relative } from 'node:path';
import type { Cell } from '../../cell/cell.ts';
import type { Executor } from '../../cell/executor.ts';
import { followOne } from '../../cell/follow-one.ts';
import { here } from '../../cell/here.ts';
import type { Finished } from '../../cell/outcome.ts';
import { type Shard, shareOf } from '../../cell/shard.ts';
import type { Hooks } from '../../hooks.ts';
import { Interrupted } from '../../run/interrupted.ts';
import { signatureOf } from '../../run/plan.ts';
import { fileNameOf } from './arm.ts';
import { refuseDiverged } from './diverged.ts';
import { withOpenModels } from './open-models.ts';
import { partIn, type StudyName, stagesOf } from './part-cells.ts';
import { armsKind } from './part-kinds.ts';
import type { StudyInputs } from './study-inputs.ts';
import { openTaskFolder, type TaskFolder } from './task-folder.ts';
import { unitsOf } from './units.ts';
import { workTally } from './work-tally.ts';

export interface RunArmsOptions extends Pick<Hooks, 'threads' | 'device' | 'signal' | 'onProgress' | 'onWarning'> {
  /** Of the study. */
  readonly folder: string;
  /** Computes only every n-th unit of arms, from the i-th on. */
  readonly shard?: Shard | undefined;
}

/** How far the arms of a study are. */
export interface ArmsStatus {
  /** Of the plan, over all tasks. */
  readonly arms: number;
  /** Stored before this call. */
  readonly found: number;
  /** Not stored yet: those of other shards. */
  readonly missing: readonly { readonly task: string; readonly arm: string }[];
  /** Peak of a process that computed arms and of its compute process together; 0 if nothing was computed. */
  readonly peakMemoryBytes: number;
  /** Time in forward passes and steps. */
  readonly graphSeconds: number;
  /** Fed by this call in queries, prefixes and steps of arms. */
  readonly tokens: number;
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
  return withOpenModels(options.folder, models => {
    const kind = armsKind(async () => inputs, models);
    const { threads, device } = options;
    const executor = here(new Map([[kind.name, kind]]), { threads, device });
    return computeArms(inputs, { ...options, executor, study: { options: {}, plan: signatureOf(inputs.plan) } });
  });
}

/** What a call took so far. */
export type Used = Pick<ArmsStatus, 'peakMemoryBytes' | 'tokens'>;

/** As `runArms`, by an executor. */
export async function computeArms(
  inputs: StudyInputs,
  {
    folder,
    shard,
    study,
    executor,
    signal,
    onProgress,
    onWarning,
    onBegin,
    onComputed,
  }: Pick<RunArmsOptions, 'folder' | 'shard' | 'signal' | 'onProgress' | 'onWarning'> & {
    readonly study: StudyName;
    readonly executor: Executor;
    /** Called before the first arm is computed, where any is missing. */
    readonly onBegin?: () => Promise<unknown>;
    /** Hears of each unit of arms that this call computed. */
    readonly onComputed?: (used: Used) => void;
  },
): Promise<ArmsStatus> {
  const { plan } = inputs;
  const tasks = new Map<string, TaskFolder>();
  try {
    signal?.throwIfAborted();
    for (const task of inputs.tasks) tasks.set(task.plan.name, await openTaskFolder(folder, inputs, task));
    for (const task of tasks.values()) await refuseDiverged(task);
    const before = await statusOf(tasks);
    const units = shareOf(unitsOf(plan), shard);
    const isMissing = (task: string, id: string) => before.missing.some(each => each.task === task && each.arm === id);
    const missing = units.filter(({ task, arms }) => arms.some(({ id }) => isMissing(task.name, id)));
    const used = { peakMemoryBytes: 0, graphSeconds: 0, tokens: 0 };
    if (missing.length > 0) {
      await onBegin?.();
      const tally = workTally(units, before.missing, tasks, onProgress);
      const follow = followOne(onProgress);
      const onFinished = async (cell: Cell, outcome: Finished) => {
        follow.onFinished(cell);
        const part = partIn(cell);
        if (!outcome.found) {
          if (outcome.status === 'done') {
            used.peakMemoryBytes = Math.max(used.peakMemoryBytes, outcome.peakMemoryBytes ?? 0);
            used.graphSeconds += outcome.use?.graphSeconds ?? 0;
            used.tokens += outcome.use?.tokens ?? 0;
          }
          onComputed?.({ ...used });
        }
        if ('matching' in part) return;
        tally.onArms(part.task, part.arms);
        const task = tasks.get(part.task)!;
        if ((await task.store.missing(part.arms)).length > 0) await refuseDiverged(task);
      };
      const parts = { kind: 'evidence-arms', study, plan, folder, units: missing };
      for (const cellsOf of stagesOf(plan)) {
        const cells = await cellsOf(parts);
        if (cells.length > 0)
          await executor(cells, folder, { signal, onFinished, onProgress: follow.onProgress, onNote: onWarning });
      }
    }
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
