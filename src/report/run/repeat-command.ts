import { settingNames } from '../../setting/setting-name.ts';
import type { RunData } from './run-data.ts';

/**
 * The command that makes the same choices again. A task or a model of the reader's own is named as
 * in the result, without its path.
 */
export function repeatCommand({ result, settings, plan }: RunData): string {
  const { model, task, finetuning } = result;
  const parts = [
    'dualform run',
    `--task ${quoted(task.name)}`,
    `--model ${quoted(model.name)}`,
    `--shots ${task.shotsAsked}`,
    `--seed ${task.seed}`,
    ...(finetuning.learningRate === null ? [] : [`--learning-rate ${finetuning.learningRate}`]),
    `--template ${task.template}`,
    ...(plan.tap === undefined ? [] : [`--tap ${quoted(plan.tap)}`]),
    `--limit ${task.examples === task.evaluationRows ? 'all' : task.examples}`,
    ...(settings.length === settingNames.length ? [] : [`--settings ${settings.join(',')}`]),
    ...(task.leaksExcluded > 0 ? ['--exclude-leaks'] : []),
  ];
  return parts.join(' ');
}

/** For a POSIX shell. */
function quoted(word: string): string {
  return /^[\w./@:+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
