import type { Row } from './row.ts';

/** Where paper and official code differ (AG News, CB): whose prompt. */
export type TemplateVariant = 'paper' | 'code';

/** A classification task: labelled rows, and the prompt that asks for the label word. */
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
  /** The files that the evaluation rows of an own task stand in, for messages. */
  readonly evaluationFile?: string;
  readonly trainRows: number;
  readonly evaluationRows: number;
  /** What the user should know about the rows: a label without rows, prompts that occur in both parts. Found at the first call. */
  readonly warnings: readonly string[];
  /** T(x): the prompt of a row. */
  prompt(row: Row): string;
  /** Demonstrations are drawn from these. Read at the first call. */
  train(): readonly Row[];
  /** The rows to be classified, in evaluation order: the first 2000 of the seed-1 shuffle. Read at the first call. */
  evaluation(): readonly Row[];
}
