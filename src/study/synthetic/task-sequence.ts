/** A sequence with tokens to predict from those before them. */
export interface TaskSequence {
  readonly tokens: readonly number[];
  /** In the order of the sequence. */
  readonly questions: readonly Question[];
}

export interface Question {
  /** Index of the token before the answer. */
  readonly place: number;
  readonly answer: number;
  /** Index of the pair with the answer; absent for sequences without pairs. */
  readonly pair?: number;
}
