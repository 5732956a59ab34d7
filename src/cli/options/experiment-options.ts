/** @file Options that several commands share, with one help text each. */
import type { Command, Option } from 'commander';
import { DEFAULT_LIMIT } from '../../run/defaults.ts';
import { presetNames } from '../../run/paper/paper.ts';
import { choice, withModelOptions } from './everywhere.ts';

/** What a model wants to read around texts. */
export function withConventionOptions(command: Command): Command {
  return command
    .option('--separator <text>', "text or special token after each demonstration (default: the model's)")
    .option('--bos <token>', "the token that every sequence begins with (default: the model's)");
}

export function templateOption(): Option {
  return choice('--template <whose>', 'where the two differ (AG News, CB)', ['paper', 'code']).default('code');
}

/** The choices of an experiment, for one task or several. */
export function withExperimentOptions(command: Command): Command {
  command
    .option('--shots <number>', "demonstrations; fewer are used where the context ends (default: the task's)")
    .option('--seed <number>', "chooses the demonstrations (default: the model's for the task, else 1)")
    .option('--learning-rate <number>', "of finetuning (default: the model's for the task, else required)")
    .option('--no-steady-check', 'do not finetune once more to see whether rounding decides the finetuned answers');
  command
    .option(
      '--limit <number>',
      `evaluation rows: the first of the evaluation order, or all (default: ${DEFAULT_LIMIT}; all with --preset)`,
    )
    .option('--exclude-leaks', 'leave out evaluation rows that are training rows too');
  return withModelOptions(withConventionOptions(command))
    .addOption(templateOption())
    .addOption(
      choice(
        '--tap <position>',
        'where attention is observed: last prompt token, or the class-0 label word (default: label with --preset, else prompt-end)',
        ['prompt-end', 'label'],
      ),
    )
    .addOption(
      choice(
        '--preset <name>',
        "the paper's seed, learning rate, shots and tap, and its figures beside the measured ones; for which of its models",
        [...presetNames],
      ),
    );
}
