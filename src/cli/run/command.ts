import { Command } from 'commander';
import { OWN_ROWS, withEverywhere, withExamples } from '../options/everywhere.ts';
import { withExperimentOptions } from '../options/experiment-options.ts';

export function runCommand(): Command {
  const command = new Command('run')
    .description('the main job: a task zero-shot, in-context and finetuned, and how alike the last two are')
    .option('--task <task>', `a name from "dualform tasks", or ${OWN_ROWS}`, 'sst2')
    .option('--settings <list>', 'a subset of zero-shot,in-context,finetuned', 'zero-shot,in-context,finetuned')
    .option('--out <folder>', 'the run folder (default: runs/<signature>)')
    .option('--dry-run', 'say what would be computed: tokens, FLOPs, prefix, time');
  return withExamples(withEverywhere(withExperimentOptions(command)), [
    { line: 'dualform run', says: 'SST-2, the first 200 evaluation rows: about a minute' },
    { line: 'dualform run --task cb --limit all', says: 'all evaluation rows of another task' },
    { line: 'dualform run --task mr --shots 8 --seed 2 --learning-rate 0.01 --limit 100', says: 'own choices' },
    {
      line: 'dualform run --task mr --preset paper --model KoboldAI/fairseq-dense-1.3B',
      says: "the paper's settings for its model, the paper's figures beside the measured",
    },
    {
      line: 'dualform run --task reviews.csv --learning-rate 0.003',
      says: 'rows of your own; reviews.task.json says template, label words and columns (docs/library.md, own tasks)',
    },
    { line: 'dualform run --task agnews --dry-run', says: 'what it would cost, without doing it' },
    { line: 'dualform run --settings zero-shot,in-context --limit 50 --json', says: 'the result for a program' },
  ]);
}
