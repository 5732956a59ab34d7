import type { CommandLine } from '../options/command-line.ts';

export const tasksCommand: CommandLine = {
  name: 'tasks',
  description: 'list the embedded tasks: origin, licence, rows, template and labels',
  examples: [
    { line: 'dualform tasks', says: 'a list' },
    { line: 'dualform tasks --json', says: 'the same for a program, with sources' },
  ],
};
