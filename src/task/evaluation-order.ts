import { permutation } from './permutation.ts';
import type { Row } from './row.ts';

/** Evaluation rows at most (official code, `fewshot_task.py`). */
export const MOST_EVALUATION_ROWS = 2000;
const EVALUATION_SEED = 1;

/** The rows to classify, in order: the first 2000 of the seed-1 shuffle. */
export function evaluationOrder(rows: readonly Row[]): readonly Row[] {
  const order = permutation(EVALUATION_SEED, rows.length).slice(0, MOST_EVALUATION_ROWS);
  return order.map(i => rows[i]!);
}
