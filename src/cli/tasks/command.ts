import { Command } from 'commander';
import { withEverywhere, withExamples } from '../options/everywhere.ts';

export function tasksCommand(): Command {
  const command = new Command('tasks').description(
    'the tasks that there are: origin, licence, rows, template and labels',
  );
  return withExamples(withEverywhere(command), [
    { line: 'dualform tasks', says: 'a table' },
    { line: 'dualform tasks --json', says: 'the same for a program, with sources' },
  ]);
}
