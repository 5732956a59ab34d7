import type { Progress } from '../../run/progress.ts';
import type { ProgressEvent } from '../terminal/format-progress.ts';
import type { Io } from '../terminal/io.ts';

/** Where an experiment computes, and whom it tells. */
export function experimentHooks({ threads, offline, signal, progress, note }: Io) {
  return {
    threads,
    offline,
    signal,
    onProgress: (event: Progress) => progress(stageOf(event)),
    onWarning: note,
  };
}

/** A stage of the experiment as it is shown. */
function stageOf({ stage, detail, ...counts }: Progress): ProgressEvent {
  return { stage: detail === undefined ? stage : stage === 'load' ? detail : `${stage}, ${detail}`, ...counts };
}
