import type { Progress } from '../../hooks.ts';
import { formatBytes, formatClock, formatCount } from '../../report/format/number.ts';

/** Least time between two lines where stderr is no terminal, and between two repaints of a terminal. */
const LINE_EVERY_MS = 3000;
const PAINT_EVERY_MS = 100;

/** What progress is written to. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface ProgressLine {
  readonly report: (event: Progress) => void;
  /** Writes a line that is not repainted. */
  readonly note: (line: string) => void;
  /** Ends the repainted line. */
  readonly end: () => void;
}

/**
 * On a terminal one line for each stage, repainted; elsewhere plain lines, at most one every three seconds.
 *
 * @param now milliseconds; tests give their own clock
 */
export function showProgress(screen: Screen, now: () => number = () => performance.now()): ProgressLine {
  let stage: { readonly name: string; readonly start: number; readonly first: number } | undefined;
  let shown = Number.NEGATIVE_INFINITY;
  let open = false;

  function end(): void {
    if (open) screen.write('\n');
    open = false;
    stage = undefined;
  }

  return {
    end,
    note(line) {
      end();
      screen.write(`${line}\n`);
    },
    report(event) {
      const time = now();
      if (stage?.name !== stageOf(event)) {
        end();
        stage = { name: stageOf(event), start: time, first: event.done };
        if (screen.isTTY) shown = Number.NEGATIVE_INFINITY;
      }
      const finished = event.done >= event.total;
      if (time - shown < (screen.isTTY ? PAINT_EVERY_MS : LINE_EVERY_MS) && !(screen.isTTY && finished)) return;
      shown = time;
      const line = formatProgress(event, (time - stage.start) / 1000, stage.first);
      if (!screen.isTTY) {
        screen.write(`${line}\n`);
        return;
      }
      // Some terminals report 0 columns. A line as wide as the terminal would wrap, and a repaint would not clear its rest.
      screen.write(`\r\x1b[K${line.slice(0, Math.max(20, (screen.columns || 80) - 1))}`);
      open = true;
    },
  };
}

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
function stageOf({ stage, part }: Pick<Progress, 'stage' | 'part'>): string {
  if (part === undefined) return stage;
  return stage === 'load' ? part : `${stage}, ${part}`;
}

function formatRate(rate: number): string {
  return rate >= 100 ? formatCount(rate) : rate >= 10 ? rate.toFixed(0) : rate.toFixed(rate >= 1 ? 1 : 2);
}
