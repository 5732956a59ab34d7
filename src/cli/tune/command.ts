import { Command } from 'commander';
import { rules } from '../../run/tune/rule.ts';
import { choice, OWN_ROWS, withEverywhere, withExamples, withModelOptions } from '../options/everywhere.ts';
import { templateOption, withConventionOptions } from '../options/experiment-options.ts';

export function tuneCommand(): Command {
  const command = new Command('tune')
    .description(
      'choose demonstration seed and learning rate on training rows apart from demonstrations and evaluation',
    )
    .option('--task <task>', `a name from "dualform tasks", or ${OWN_ROWS}`, 'sst2')
    .option('--shots <number>', "demonstrations (default: the task's)")
    .option('--seeds <list>', 'candidates for the demonstration seed (default: 1,2,3,4,5,6,7)')
    .option('--learning-rates <list>', 'candidates (default: 0.0001 to 0.5 in steps of 1, 2, 5)')
    .option('--rows <number>', 'training rows to validate on (default: 120)')
    .addOption(
      choice(
        '--rule <rule>',
        'how the learning rate is chosen: steady refuses rates that rounding decides; paper takes the most accurate (default: steady)',
        rules,
      ),
    );
  return withExamples(withEverywhere(withModelOptions(withConventionOptions(command)).addOption(templateOption())), [
    { line: 'dualform tune --task sst2', says: 'the choice that "dualform run --task sst2" makes by default' },
    { line: 'dualform tune --task mr --seeds 1,2,3 --learning-rates 0.001,0.01 --rows 50', says: 'a smaller grid' },
    { line: 'dualform tune --task mr --rule paper', says: "the paper's rule: the most accurate rate, steady or not" },
    { line: 'dualform tune --task cb --json', says: 'the grid and the choice for a program' },
  ]);
}
