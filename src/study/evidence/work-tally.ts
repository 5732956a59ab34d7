import type { Hooks } from '../../hooks.ts';
import { sum } from '../../statistics/sum.ts';
import { readArm } from './arm.ts';
import { armWork } from './arm-work.ts';
import type { TaskFolder } from './task-folder.ts';
import type { Unit } from './units.ts';

/** Counts arms by the time that they take, so that the time left is about right. */
export interface WorkTally {
  readonly onArms: (task: string, arms: readonly string[]) => void;
}

/**
 * @param units all of this call
 * @param missing the arms of them that are not stored
 */
export function workTally(
  units: readonly Unit[],
  missing: readonly { readonly task: string; readonly arm: string }[],
  tasks: ReadonlyMap<string, TaskFolder>,
  onProgress: Hooks['onProgress'],
): WorkTally {
  const keyOf = (task: string, arm: string) => `${task} ${arm}`;
  const left = new Set(missing.map(({ task, arm }) => keyOf(task, arm)));
  const arms = units.flatMap(unit => unit.arms.map(({ id }) => ({ task: unit.task.name, id })));
  const work = new Map(
    arms.map(({ task, id }) => [keyOf(task, id), armWork(readArm(id), tasks.get(task)!.sequences)] as const),
  );
  const total = sum([...work.values()]);
  const report = (last: string) => {
    const open = arms.filter(({ task, id }) => left.has(keyOf(task, id)));
    const done = total - sum(open.map(({ task, id }) => work.get(keyOf(task, id))!));
    const percent = Math.round((1000 * done) / total) / 10;
    const stored = `${arms.length - open.length} of ${arms.length} arms`;
    onProgress?.({ stage: 'arms', done: percent, total: 100, unit: '%', detail: `${stored}${last}` });
  };
  report('');
  return {
    onArms: (task, ids) => {
      for (const id of ids) left.delete(keyOf(task, id));
      report(`, ${task} ${ids.at(-1)}`);
    },
  };
}
