import { Command } from 'commander';
import { modelOption, withEverywhere, withExamples } from '../everywhere.ts';

export function scoreCommand(): Command {
  const command = new Command('score')
    .description('log-probability of each label word after a prompt (mean over the tokens of a longer label)')
    .option('--prompt <text>', 'what the label words follow')
    .option('--labels <list>', 'label words, separated by commas, each with its leading space as typed')
    .option(
      '--demonstrations <file>',
      'a .jsonl file, one demonstration a line: {"prompt": text, "label": label word or its place from 0}',
    )
    .option('--separator <text>', "text or special token after each demonstration (default: the model's)")
    .option('--document-start <token>', "the token that every sequence begins with (default: the model's)")
    .addOption(modelOption());
  return withExamples(withEverywhere(command), [
    {
      line: 'dualform score --prompt "Sentence: a joy to watch Label:" --labels " Negative, Positive"',
      says: 'zero-shot: behind the document start',
    },
    {
      line: 'dualform score --prompt "Sentence: a joy to watch Label:" --labels " Negative, Positive" --demonstrations demonstrations.jsonl',
      says: 'in-context: lines such as {"prompt": "Sentence: dull Label:", "label": "Negative"} stand before',
    },
  ]);
}
