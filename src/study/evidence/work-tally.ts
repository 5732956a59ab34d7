import type { Hooks } from '../../hooks.ts';
import type { Arm } from './arm.ts';
import { armWork } from './arm-work.ts';
import type { TaskFolder } from './task-folder.ts';
import type { Unit } from './units.ts';

/** Counts arms by the time that they take, so that the time left is about right. */
export interface WorkTally {
  readonly onArm: (task: string, arm: Arm) => void;
}

/**
 * @param units all of this process
 * @param missing those of them that are not stored
 */
export function workTally(
  units: readonly Unit[],
  missing: readonly Unit[],
  tasks: ReadonlyMap<string, TaskFolder>,
  onProgress: Hooks['onProgress'],
): WorkTally {
  const work = (some: readonly Unit[]) => {
    return sum(some.flatMap(({ task, arms }) => arms.map(arm => armWork(arm, tasks.get(task.name)!.sequences))));
  };
  const count = (some: readonly Unit[]) => sum(some.map(({ arms }) => arms.length));
  const [total, arms] = [work(units), count(units)];
  let [done, stored] = [total - work(missing), arms - count(missing)];
  const report = (last: string) => {
    const percent = Math.round((1000 * done) / total) / 10;
    onProgress?.({ stage: 'arms', done: percent, total: 100, unit: '%', detail: `${stored} of ${arms} arms${last}` });
  };
  report('');
  return {
    onArm: (task, arm) => {
      done += armWork(arm, tasks.get(task)!.sequences);
      stored++;
      report(`, ${task} ${arm.id}`);
    },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
