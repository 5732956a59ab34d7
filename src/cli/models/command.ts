import { Command } from 'commander';
import { withEverywhere, withExamples } from '../options/everywhere.ts';

export function modelsCommand(): Command {
  const command = new Command('models').description('the models that there are: origin, licence, disk and memory');
  return withExamples(withEverywhere(command), [
    { line: 'dualform models', says: 'a table' },
    { line: 'dualform models --json', says: 'the same for a program' },
  ]);
}
