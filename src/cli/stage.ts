import type { Progress } from '../experiment/progress.ts';
import type { ProgressEvent } from './format-progress.ts';

/** A stage of the experiment as it is shown. */
export function stageOf({ stage, detail, ...counts }: Progress): ProgressEvent {
  return { stage: detail === undefined ? stage : stage === 'load' ? detail : `${stage}, ${detail}`, ...counts };
}
