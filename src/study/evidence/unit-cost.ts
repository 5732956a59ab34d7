import type { PartsCost } from '../../cell/parts.ts';
import { partOf, type StudyCost } from './cost.ts';
import { type Unit, unitsOf } from './units.ts';

/** What the units of a study take, which processes and shards share. */
export function unitsCost({ plan, parts, otherSeconds }: StudyCost): PartsCost {
  const units = unitsOf(plan);
  const secondsOf = ({ task, arms }: Unit) =>
    arms.reduce<number | null>((sum, arm) => {
      const part = parts.find(each => each.task === task.name && each.part === partOf(arm))!;
      return sum === null || part.seconds === null ? null : sum + part.seconds / part.arms;
    }, 0);
  const seconds = units.map(secondsOf).filter(each => each !== null);
  return {
    count: units.length,
    longestSeconds: seconds.length < units.length ? null : Math.max(...seconds),
    otherSeconds,
  };
}
