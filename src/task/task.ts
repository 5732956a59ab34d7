import type { Row } from './row.ts';

/** Whose prompt is used where paper and official code differ (AG News, CB). */
export type TemplateVariant = 'paper' | 'code';

/** A classification task: labelled rows, and the prompt before the label word. */
export interface Task {
  readonly name: string;
  readonly title: string;
  readonly licence: string | null;
  /** SHA-256 (hex) over rows, evaluation order, template and label words. */
  readonly digest: string;
  /** The prompt, with the names of its fields in braces. */
  readonly template: string;
  readonly fields: readonly string[];
  /** Label words by label id, with their leading space. */
  readonly labels: readonly string[];
  readonly defaultShots: number;
  /** Files with the evaluation rows of the user's own task, for messages. */
  readonly evaluationFile?: string;
  readonly trainRows: number;
  readonly evaluationRows: number;
  /**
   * Warnings about the rows: a label without rows, prompts that occur in both parts. Computed at
   * the first call.
   */
  readonly warnings: readonly string[];
  /** T(x): the prompt of a row. */
  prompt(row: Row): string;
  /** Demonstrations are drawn from these. Read at the first call. */
  train(): readonly Row[];
  /**
   * The rows to classify, in evaluation order: the first 2000 of the seed-1 shuffle. Read at the
   * first call.
   */
  evaluation(): readonly Row[];
}
