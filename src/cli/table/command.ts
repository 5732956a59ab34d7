import { Command } from 'commander';
import { withEverywhere, withExamples } from '../options/everywhere.ts';
import { withExperimentOptions } from '../options/experiment-options.ts';

export function tableCommand(): Command {
  const command = new Command('table')
    .description("the paper's tables 1 to 5 for a model: runs every task, or takes it from a finished run folder")
    .option(
      '--tasks <list>',
      'all, or names from "dualform tasks" and files with rows as "run --task" takes them, separated by commas',
      'all',
    )
    .option('--out <folder>', 'holds a run folder for each task (default: runs/<signature>)');
  return withExamples(withEverywhere(withExperimentOptions(command)), [
    {
      line: 'dualform table --preset paper --model KoboldAI/fairseq-dense-1.3B --tasks all',
      says: 'repeats the paper; interrupted, the same command goes on',
    },
    {
      line: 'dualform table --preset paper --model model.pt --tasks mr,sst5,cb --out runs/paper',
      says: "the tasks whose demonstrations are the paper's, with the file that fairseq published",
    },
    { line: 'dualform table --limit 100', says: 'the embedded model, 100 evaluation rows of each task' },
    { line: 'dualform table --tasks mr --learning-rate 0.01 --json', says: 'a table for a program' },
  ]);
}
