import { listOf, nonEmptyText, type OptionsOf, option } from '../../options.ts';
import { EMBEDDED_TASKS } from '../../task/embedded-tasks.ts';
import { runOptions } from '../options.ts';

const { task: _, ...ofEachRun } = runOptions;
const names = [...EMBEDDED_TASKS.keys()];

export const tableOptions = {
  tasks: option(
    listOf(nonEmptyText())
      .transform(tasks => (tasks.length === 1 && tasks[0] === 'all' ? names : tasks))
      .default(names),
    {
      description: 'all, or names from "dualform tasks" and files with rows as in "dualform run"',
      byDefault: 'all',
      suggestions: ['all', ...names],
    },
  ),
  ...ofEachRun,
};

export type TableWishes = OptionsOf<typeof tableOptions>;
