import type { Progress as Event } from '../../hooks.ts';
import { formatProgress, stageOf } from './format-progress.ts';

/** Between two lines where stderr is no terminal, and between two repaints where it is one. */
const LINE_EVERY_MS = 3000;
const PAINT_EVERY_MS = 100;

/** Where progress is shown. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface Progress {
  readonly report: (event: Event) => void;
  /** Writes a line that stays, below what was shown so far. */
  readonly note: (line: string) => void;
  /** Ends the line that is being repainted. */
  readonly end: () => void;
}

/**
 * Progress on a terminal: one line a stage, repainted. Elsewhere plain lines, at most one every three seconds.
 *
 * @param now milliseconds; tests give their own clock
 */
export function showProgress(screen: Screen, now: () => number = () => performance.now()): Progress {
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
      // Some terminals say 0 columns. A line as wide as the terminal would wrap, and the next repaint would leave its rest behind.
      screen.write(`\r\x1b[K${line.slice(0, Math.max(20, (screen.columns || 80) - 1))}`);
      open = true;
    },
  };
}
