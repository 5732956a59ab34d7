import { z } from 'zod';
import { runTable } from '../../run/paper/table.ts';
import { TASK_NAMES } from '../../task/open-task.ts';
import { formatResultTable } from '../format/result-table.ts';
import { experiment } from '../options/experiment-values.ts';
import { experimentHooks } from '../options/hooks.ts';
import { everywhere, list, readOptions } from '../options/option-values.ts';
import type { Typed } from '../program.ts';
import { notesOf } from '../run/paper-notes.ts';
import type { Io } from '../terminal/io.ts';

export const schema = z.object({
  ...everywhere,
  ...experiment,
  tasks: list().transform((names, context) => {
    if (names.length === 1 && names[0] === 'all') return [...TASK_NAMES];
    if (!names.includes('')) return names;
    context.addIssue(`must be all, or a list of some of ${TASK_NAMES.join(', ')}`);
    return z.NEVER;
  }),
});

export async function perform(typed: Typed, io: Io): Promise<void> {
  const { json, quiet, debug, offline, threads, ...wishes } = readOptions(schema, typed.options);
  const table = await runTable({
    ...wishes,
    ...experimentHooks(io),
    onTask: (task, index, count) => io.note(`${task}, task ${index + 1} of ${count}`),
  });
  const notes = notesOf(table);
  io.answer({ ...table, notes }, () => formatResultTable(table, notes));
}
