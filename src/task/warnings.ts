import { UserError } from '../error.ts';
import type { Row } from './row.ts';
import type { Task } from './task.ts';

/** Passes on each warning of a task, with the name of the task. */
export function passOnWarnings(
  { name, warnings }: Pick<Task, 'name' | 'warnings'>,
  onWarning: ((message: string) => void) | undefined,
): void {
  for (const warning of warnings) onWarning?.(`task ${name}: ${warning}`);
}

type Rows = Pick<Task, 'labels' | 'prompt' | 'train' | 'evaluation'>;

/**
 * Evaluation rows with the prompt of a training row, which as a demonstration would reveal the
 * answer. In evaluation order.
 */
function leaks({ prompt, train, evaluation }: Rows): readonly Row[] {
  const prompts = new Set(train().map(prompt));
  return evaluation().filter(row => prompts.has(prompt(row)));
}

/** Warnings about the rows of a task. */
export function findWarnings(task: Rows): readonly string[] {
  const evaluation = task.evaluation();
  const empty = (rows: readonly Row[], what: string) =>
    task.labels
      .filter((_, id) => !rows.some(row => row.label === id))
      .map(word => `no ${what} row has the label "${word.trim()}"`);
  const leaked = leaks(task).length;
  return [
    ...empty(task.train(), 'training'),
    ...empty(evaluation, 'evaluation'),
    ...(leaked > 0
      ? [`${leaked} of ${evaluation.length} evaluation rows are training rows too; \`excludeLeaks\` leaves them out`]
      : []),
  ];
}

/**
 * The task without evaluation rows that are training rows too; the order of the others stays.
 *
 * @returns the task, and the number of removed rows
 * @throws UserError when no row is left
 */
export function withoutLeaks(task: Task): { readonly task: Task; readonly excluded: number } {
  const leaked = new Set(leaks(task));
  if (leaked.size === 0) return { task, excluded: 0 };
  const left = task.evaluation().filter(row => !leaked.has(row));
  if (left.length === 0) {
    throw new UserError(`every evaluation row of task ${task.name} is a training row too`, { option: 'excludeLeaks' });
  }
  const without = { ...task, evaluationRows: left.length, evaluation: () => left };
  return { task: { ...without, warnings: findWarnings(without) }, excluded: leaked.size };
}
