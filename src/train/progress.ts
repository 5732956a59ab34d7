/** How far a stage of a training run is. */
export interface TrainingProgress {
  readonly stage: 'corpus' | 'training' | 'validation';
  readonly done: number;
  readonly total: number;
  readonly unit: 'letters' | 'steps' | 'sequences';
  /** More about the moment: the loss, tokens a second. */
  readonly detail?: string;
}

export type OnTrainingProgress = (progress: TrainingProgress) => void;
