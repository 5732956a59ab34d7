import { Command } from 'commander';
import { OWN_ROWS, withEverywhere, withExamples, withModelOptions } from '../options/everywhere.ts';
import { withConventionOptions } from '../options/experiment-options.ts';

export function theoryCommand(): Command {
  const command = new Command('theory')
    .description('the dual form as something to run: equalities in float64, and what they become in a model')
    .option('--chapter <list>', 'some of 1,2,3,4,5 (docs/theory.md says what they are)', '1,2,3,4,5')
    .option('--seed <number>', 'of random problems', '1')
    .option('--training-steps <number>', 'of each training from scratch in chapter 3', '1200')
    .option(
      '--task <task>',
      `whose demonstrations the model sees: a name from "dualform tasks", or ${OWN_ROWS}`,
      'sst2',
    )
    .option('--shots <number>', "demonstrations (default: the task's)")
    .option('--learning-rate <number>', "of finetuning (default: the model's for the task, else required)")
    .option('--out <folder>', 'where chapters are stored (default: runs/theory-<signature>)')
    .option('--dry-run', 'say what would be computed');
  return withExamples(withEverywhere(withModelOptions(withConventionOptions(command))), [
    {
      line: 'dualform theory',
      says: 'all chapters with the embedded model; those that are stored are not computed again',
    },
    {
      line: 'dualform theory --chapter 1,3 --out runs/theory',
      says: 'two of them, in a folder that the others can join',
    },
    { line: 'dualform theory --task mr --shots 8 --json', says: 'with other demonstrations, for a program' },
  ]);
}
