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
 * The arms of a study in units, in the order in which they are computed: model by model, the trained
 * one first, so that each is loaded once; and layer-causal arms behind the others of their model,
 * because their graph is open alone. `I/d/same`, `F/d/same` and `F/d/random` of a seed are one
 * unit, in this order; any other arm is a unit of its own.
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
  const rank = ({ initialisation, arms: [first] }: Unit) => 2 * initialisation + (isLayerCausal(first!) ? 1 : 0);
  return [...units.values()].sort((a, b) => rank(a) - rank(b));
}

function isShared({ variant }: Arm): boolean {
  return variant === 'same' || variant === 'random';
}

function isLayerCausal({ variant }: Arm): boolean {
  return variant === 'layer-causal';
}

function place({ setting, variant }: Arm): number {
  if (setting !== 'finetuned') return 0;
  return variant === 'same' ? 1 : 2;
}
