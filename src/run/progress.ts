/** The stages of a run, in order. */
export type Stage = 'load' | 'prefix' | 'finetuning' | 'evaluation';

/** How far a stage is. The first event of a stage has `done` 0, or what an earlier call had stored. */
export interface Progress {
  readonly stage: Stage;
  readonly done: number;
  readonly total: number;
  readonly unit: 'bytes' | 'tokens' | 'steps' | 'examples';
  /** More about the stage: what is loaded, which demonstration seed is tried. */
  readonly detail?: string;
}

export type OnProgress = (progress: Progress) => void;
