import { Command } from 'commander';
import { presetNames } from '../../experiment/paper.ts';
import { choice, modelOption, withEverywhere, withExamples } from '../everywhere.ts';

export function tableCommand(): Command {
  const command = new Command('table')
    .description("the paper's tables 1 to 5 for a model: runs every task, or takes it from a finished run folder")
    .option('--tasks <list>', 'all, or names from "dualform tasks" and .jsonl files, separated by commas', 'all')
    .addOption(
      choice(
        '--preset <name>',
        "the paper's settings, and its figures beside the measured ones; for which of its models",
        [...presetNames],
      ),
    )
    .option('--shots <number>', "demonstrations (default: each task's)")
    .option('--seed <number>', "chooses the demonstrations (default: the model's for each task, else 1)")
    .option('--learning-rate <number>', "of finetuning (default: the model's for each task, else required)")
    .option('--separator <text>', "text or special token between demonstrations (default: the model's)")
    .option('--document-start <token>', "the token that every sequence begins with (default: the model's)")
    .addOption(choice('--template <whose>', 'where the two differ (AG News, CB)', ['paper', 'code']).default('code'))
    .addOption(
      choice('--tap <position>', 'where attention is observed (default: label with --preset, else prompt-end)', [
        'prompt-end',
        'label',
      ]),
    )
    .option('--limit <number>', 'evaluation rows of each task (default: 2000)')
    .option('--out <folder>', 'holds a run folder for each task (default: runs/<signature>)')
    .addOption(modelOption());
  return withExamples(withEverywhere(command), [
    {
      line: 'dualform table --preset paper --model KoboldAI/fairseq-dense-1.3B --tasks all',
      says: 'repeats the paper; interrupted, the same command goes on',
    },
    {
      line: 'dualform table --preset paper --model model.pt --tasks mr,sst5,cb --out runs/paper',
      says: "the tasks whose demonstrations are the paper's, with the file that fairseq published",
    },
    { line: 'dualform table --limit 100', says: 'the embedded model, 100 rows of each task' },
    { line: 'dualform table --tasks mr --learning-rate 0.01 --json', says: 'a table for a program' },
  ]);
}
