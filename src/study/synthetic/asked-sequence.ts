/** Tokens some of which must be foretold from those before them. */
export interface AskedSequence {
  readonly tokens: readonly number[];
  /** In the order of the sequence. */
  readonly questions: readonly Question[];
}

export interface Question {
  /** Of the token behind which the answer stands. */
  readonly place: number;
  readonly answer: number;
  /** Which of the pairs in the sequence holds the answer, from 0; where there are pairs. */
  readonly pair?: number;
}
