import { z } from 'zod';
import { presetNames } from '../../experiment/paper.ts';
import { runTable } from '../../experiment/table.ts';
import { TASK_NAMES } from '../../task/task.ts';
import { formatResultTable } from '../format-result-table.ts';
import type { Io } from '../io.ts';
import { everywhere, list, positiveNumber, readOptions, text, wholeNumber } from '../option-values.ts';
import { notesOf } from '../paper-notes.ts';
import type { Typed } from '../program.ts';
import { stageOf } from '../stage.ts';

export const schema = z.object({
  ...everywhere,
  model: text(),
  tasks: list().transform((names, context) => {
    if (names.length === 1 && names[0] === 'all') return [...TASK_NAMES];
    if (!names.includes('')) return names;
    context.addIssue(`must be all, or a list of some of ${TASK_NAMES.join(', ')}`);
    return z.NEVER;
  }),
  preset: z.enum([...presetNames]).optional(),
  shots: wholeNumber(0).optional(),
  seed: wholeNumber(0).optional(),
  learningRate: positiveNumber().optional(),
  separator: z.string().optional(),
  documentStart: text().optional(),
  template: z.enum(['paper', 'code']),
  tap: z.enum(['prompt-end', 'label']).optional(),
  limit: wholeNumber(1).optional(),
  out: text().optional(),
});

export async function perform(typed: Typed, io: Io): Promise<void> {
  const { json, quiet, debug, offline, threads, ...wishes } = readOptions(schema, typed.options);
  const table = await runTable({
    ...wishes,
    threads: io.threads,
    offline: io.offline,
    signal: io.signal,
    onProgress: progress => io.progress(stageOf(progress)),
    onWarning: io.note,
    onTask: (task, index, count) => io.note(`${task}, task ${index + 1} of ${count}`),
  });
  const notes = notesOf(table);
  io.answer({ ...table, notes }, () => formatResultTable(table, notes));
}
