import type { Progress } from '../../hooks.ts';
import { formatBytes, formatClock, formatCount } from '../format/number.ts';

/**
 * One line: stage, done/total, rate, time left, detail.
 *
 * @param seconds since the first event of the stage
 * @param first what was done at that event: a resumed run does not start at 0
 */
export function formatProgress(event: Progress, seconds: number, first: number): string {
  const { done, total, unit, detail } = event;
  const stage = stageOf(event);
  const count =
    unit === 'bytes'
      ? `${formatBytes(done)}/${formatBytes(total)}`
      : `${formatCount(done)}/${formatCount(total)} ${unit}`;
  const rate = seconds > 0 ? (done - first) / seconds : 0;
  if (rate <= 0) return `${stage}  ${count}`;
  const speed = unit === 'bytes' ? `${formatBytes(rate)}/s` : `${formatRate(rate)}/s`;
  const time = done < total ? `${formatClock((total - done) / rate)} left` : `took ${formatClock(seconds)}`;
  return [stage, count, speed, time, ...(detail === undefined ? [] : [detail])].join('  ');
}

/** What is loaded says more than that something is loaded. */
export function stageOf({ stage, part }: Pick<Progress, 'stage' | 'part'>): string {
  if (part === undefined) return stage;
  return stage === 'load' ? part : `${stage}, ${part}`;
}

function formatRate(rate: number): string {
  return rate >= 100 ? formatCount(rate) : rate >= 10 ? rate.toFixed(0) : rate.toFixed(rate >= 1 ? 1 : 2);
}
