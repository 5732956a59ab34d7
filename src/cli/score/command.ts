import { Command } from 'commander';
import { withEverywhere, withExamples, withModelOptions } from '../options/everywhere.ts';
import { withConventionOptions } from '../options/experiment-options.ts';

export function scoreCommand(): Command {
  const command = new Command('score')
    .description('log-probability of each label word after a prompt (mean over the tokens of a longer label)')
    .option('--prompt <text>', 'what the label words follow')
    .option('--labels <list>', 'label words, separated by commas, each with its leading space as typed')
    .option(
      '--demonstrations <file>',
      'a .jsonl file, one demonstration a line: {"prompt": text, "label": label word or its place from 0}',
    );
  return withExamples(withEverywhere(withModelOptions(withConventionOptions(command))), [
    {
      line: 'dualform score --prompt "Sentence: a joy to watch Label:" --labels " Negative, Positive"',
      says: 'zero-shot: behind the BOS',
    },
    {
      line: 'dualform score --prompt "Sentence: a joy to watch Label:" --labels " Negative, Positive" --demonstrations demonstrations.jsonl',
      says: 'in-context: lines such as {"prompt": "Sentence: dull Label:", "label": "Negative"} stand before',
    },
  ]);
}
