import { type Arm, readArm } from './arm.ts';
import type { EvidencePlan, TaskPlan } from './plan.ts';

/** Arms that are computed together because they share what takes long. */
export interface Unit {
  readonly task: TaskPlan;
  /** Of all arms of it. */
  readonly initialisation: number;
  readonly arms: readonly Arm[];
}

/**
 * The arms of a study in units, those of the trained model first, then model by model, so that each
 * is loaded once. `I/d/same`, `F/d/same` and `F/d/random` of a seed are one unit, in this order; any
 * other arm is a unit of its own.
 */
export function unitsOf({ tasks }: Pick<EvidencePlan, 'tasks'>): readonly Unit[] {
  const units = new Map<string, { task: TaskPlan; initialisation: number; arms: Arm[] }>();
  for (const task of tasks) {
    for (const arm of task.arms.map(readArm)) {
      const { id, seed, initialisation } = arm;
      const key = `${task.name} ${isShared(arm) ? `${initialisation} ${seed}` : id}`;
      const unit = units.get(key);
      if (unit === undefined) units.set(key, { task, initialisation, arms: [arm] });
      else unit.arms.push(arm);
    }
  }
  for (const { arms } of units.values()) arms.sort((a, b) => place(a) - place(b));
  return [...units.values()].sort((a, b) => a.initialisation - b.initialisation);
}

function isShared({ variant }: Arm): boolean {
  return variant === 'same' || variant === 'random';
}

function place({ setting, variant }: Arm): number {
  if (setting !== 'finetuned') return 0;
  return variant === 'same' ? 1 : 2;
}

/** The units of a shard: every n-th, from the i-th on. */
export function unitsOfShard(
  units: readonly Unit[],
  shard: { readonly index: number; readonly count: number } | undefined,
): readonly Unit[] {
  return shard === undefined ? units : units.filter((_, i) => i % shard.count === shard.index - 1);
}
