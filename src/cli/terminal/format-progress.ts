import { formatBytes, formatClock, formatCount } from '../format/number.ts';

/** How far a stage of the work is. */
export interface ProgressEvent {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  /** What is counted; `bytes` are shown as such. */
  readonly unit: string;
  /** What stands at the end of the line: the loss at this moment. */
  readonly detail?: string;
}

/**
 * One line: stage, done/total, rate, time left, detail.
 *
 * @param seconds since the first event of the stage
 * @param first what was done at that event: a resumed run does not start at 0
 */
export function formatProgress(
  { stage, done, total, unit, detail }: ProgressEvent,
  seconds: number,
  first: number,
): string {
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

function formatRate(rate: number): string {
  return rate >= 100 ? formatCount(rate) : rate >= 10 ? rate.toFixed(0) : rate.toFixed(rate >= 1 ? 1 : 2);
}
