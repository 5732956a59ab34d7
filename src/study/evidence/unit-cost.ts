import type { PartsCost } from '../../cell/parts.ts';
import { sum } from '../../statistics/sum.ts';
import { partOf, type StudyCost } from './cost.ts';
import { type Unit, unitsOf } from './units.ts';

/** What the units of a study take, which processes and shards share. */
export function unitsCost({ plan, parts, otherSeconds }: StudyCost): PartsCost {
  const units = unitsOf(plan);
  const secondsOf = ({ task, arms }: Unit) =>
    sum(
      arms.map(arm => {
        const part = parts.find(each => each.task === task.name && each.part === partOf(arm))!;
        return part.seconds! / part.arms;
      }),
    );
  // Without a speed, no part has a time.
  const longestSeconds = otherSeconds === null ? null : Math.max(...units.map(secondsOf));
  return { count: units.length, longestSeconds, otherSeconds };
}
