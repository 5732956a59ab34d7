import { Command } from 'commander';
import { withEverywhere, withExamples } from '../options/everywhere.ts';

export function doctorCommand(): Command {
  const command = new Command('doctor').description(
    'check runtime, memory, cache, embedded model and data, and say what to do',
  );
  return withExamples(withEverywhere(command), [
    { line: 'dualform doctor', says: 'ends with exit status 1 when something is wrong' },
    { line: 'dualform doctor --json', says: 'the same for a program' },
  ]);
}
