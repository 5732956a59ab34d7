/**
 * @file How a query is fed and how labels are scored: the rows, where they are read, and the
 * scores.
 */
import type { Query } from '../observe/observe.ts';
import type { Tap } from './options.ts';

/** How the labels of a task are read. */
export interface Scoring {
  /**
   * Tokens whose log-probabilities are read after each read token: every token of every label word,
   * each once.
   */
  readonly labels: readonly number[];
  /** The rows fed for a prompt T(x); attention is observed in the first. */
  readonly rows: (prompt: readonly number[]) => readonly Query[];
  /** Log-probability of each label from the values read at those rows, [row][read][label token]. */
  readonly scores: (readings: readonly (readonly (readonly number[])[])[]) => readonly number[];
}

/**
 * A label of one token scores log p(label | T(x)); one row answers for all labels. The score of a
 * label word of several tokens is the mean log-probability of its tokens, each given those before
 * it; every label then has its own row (Dai et al., official code).
 *
 * @param labelTokens label words by label id
 * @param tap `prompt-end`: the last token of T(x); `label`: the label word of class 0 is fed too,
 * and its last token observed
 */
export function scoringOf(labelTokens: readonly (readonly number[])[], tap: Tap): Scoring {
  const labels = [...new Set(labelTokens.flat())];
  const column = new Map(labels.map((token, i) => [token, i]));
  const single = labelTokens.every(tokens => tokens.length === 1);
  const answering = single ? labelTokens.slice(0, 1) : labelTokens;
  return {
    labels,
    rows: prompt =>
      answering.map((label, c) => {
        const withLast = tap === 'label' && c === 0;
        const tokens = [...prompt, ...(withLast ? label : label.slice(0, -1))];
        const end = prompt.length - 1;
        return { tokens, tap: withLast ? tokens.length - 1 : end, reads: label.map((_, j) => end + j) };
      }),
    scores: readings =>
      labelTokens.map((label, c) => {
        const row = readings[single ? 0 : c]!;
        const sum = label.reduce((total, token, j) => total + row[j]![column.get(token)!]!, 0);
        return sum / label.length;
      }),
  };
}

/** The label with the highest score; the lowest of equal ones. */
export function predict(scores: readonly number[]): number {
  return scores.reduce((best, score, label) => (score > scores[best]! ? label : best), 0);
}
