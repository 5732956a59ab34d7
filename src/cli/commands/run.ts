import { Command } from 'commander';
import { presetNames } from '../../experiment/paper.ts';
import { choice, modelOption, withEverywhere, withExamples } from '../everywhere.ts';

/** Rows that the bare command evaluates: about a minute on two cores. */
export const BARE_LIMIT = 200;

export function runCommand(): Command {
  const command = new Command('run')
    .description('the main job: a task zero-shot, in-context and finetuned, and how alike the last two are')
    .option('--task <task>', 'a name from "dualform tasks", or a .jsonl file with a task file beside it', 'sst2')
    .option('--shots <number>', "demonstrations; fewer are used where the context ends (default: the task's)")
    .option('--seed <number>', "chooses the demonstrations (default: the model's for the task, else 1)")
    .option('--learning-rate <number>', "of finetuning (default: the model's for the task, else required)")
    .option('--separator <text>', "text or special token between demonstrations (default: the model's)")
    .option('--document-start <token>', "the token that every sequence begins with (default: the model's)")
    .addOption(choice('--template <whose>', 'where the two differ (AG News, CB)', ['paper', 'code']).default('code'))
    .addOption(
      choice(
        '--tap <position>',
        'where attention is observed: last prompt token (the default), or the class-0 label word (with --preset)',
        ['prompt-end', 'label'],
      ),
    )
    .addOption(
      choice('--preset <name>', "the paper's seed, learning rate, shots and tap, and its figures beside the measured", [
        ...presetNames,
      ]),
    )
    .option('--limit <number>', `evaluation rows (default: 2000; ${BARE_LIMIT} for the bare "dualform run")`)
    .option('--settings <list>', 'a subset of zero-shot,in-context,finetuned', 'zero-shot,in-context,finetuned')
    .option('--out <folder>', 'the run folder (default: runs/<signature>)')
    .option('--dry-run', 'say what would be computed: tokens, FLOPs, memory, time')
    .addOption(modelOption());
  return withExamples(withEverywhere(command), [
    { line: 'dualform run', says: `SST-2, the first ${BARE_LIMIT} rows: about a minute` },
    { line: 'dualform run --task cb', says: 'all evaluation rows of another task' },
    { line: 'dualform run --task mr --shots 8 --seed 2 --learning-rate 0.01 --limit 100', says: 'own choices' },
    {
      line: 'dualform run --task mr --preset paper --model KoboldAI/fairseq-dense-1.3B',
      says: "the paper's settings for its model, the paper's figures beside the measured",
    },
    { line: 'dualform run --task agnews --dry-run', says: 'what it would cost, without doing it' },
    { line: 'dualform run --settings zero-shot,in-context --limit 50 --json', says: 'the result for a program' },
  ]);
}
