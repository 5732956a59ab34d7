/** The six tasks of the paper: Dai et al., table 8, as in their official code. */
interface EmbeddedTask {
  /** With the names of the fields in braces. */
  readonly template: string;
  /** The template printed in the paper, if different. */
  readonly paperTemplate?: string;
  /** Label words by label id, with their leading space. */
  readonly labels: readonly string[];
  /** Demonstrations in the paper: 32, or as many as fit in 2048 tokens. */
  readonly shots: number;
}

const NEWS = 'Classify the news articles into the categories of World, Sports, Business, and Technology.';

export const EMBEDDED_TASKS: ReadonlyMap<string, EmbeddedTask> = new Map([
  ['sst2', { template: 'Sentence: {text} Label:', labels: [' Negative', ' Positive'], shots: 32 }],
  [
    'sst5',
    { template: 'Sentence: {text} Label:', labels: [' terrible', ' bad', ' neutral', ' good', ' great'], shots: 32 },
  ],
  ['mr', { template: 'Review: {text} Sentiment:', labels: [' Negative', ' Positive'], shots: 32 }],
  ['subj', { template: 'Input: {text} Type:', labels: [' objective', ' subjective'], shots: 32 }],
  [
    'agnews',
    {
      template: `${NEWS} Article: {text} Answer:`,
      paperTemplate: `${NEWS} News: {text} Type:`,
      labels: [' World', ' Sports', ' Business', ' Technology'],
      shots: 22,
    },
  ],
  [
    'cb',
    {
      template: '{premise} Question: {hypothesis}. True, False, or Neither? Answer:',
      paperTemplate: '{premise} Question: {hypothesis} True, False, or Neither? Answer:',
      labels: [' True', ' False', ' Neither'],
      shots: 19,
    },
  ],
]);
