import { runTable, type TableOptions } from '../../run/paper/table.ts';
import { notesOf } from '../format/paper-notes.ts';
import type { Given, JobOptions } from '../options/command-line.ts';
import { executorOf } from '../options/executor.ts';
import { hooksOf, type Io } from '../terminal/io.ts';
import { formatResultTable } from './view.ts';

export async function perform({ options }: Given<TableOptions & JobOptions>, io: Io): Promise<void> {
  const { jobs, ...wishes } = options;
  const table = await runTable({
    ...wishes,
    executor: await executorOf(jobs),
    ...hooksOf(io),
    onTask: (task, index, count) => io.note(`${task}, task ${index + 1} of ${count}`),
  });
  const notes = notesOf(table);
  io.answer({ ...table, notes }, () => formatResultTable(table, notes));
}
