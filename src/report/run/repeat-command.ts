import type { runOptions } from '../../run/options.ts';
import { settingNames } from '../../setting/setting-name.ts';
import type { RunData } from './run-data.ts';

/** A command, and what it lacks: the folder does not hold it. */
export interface Repeat {
  readonly command: string;
  readonly missing: readonly string[];
}

/**
 * The command that makes the same choices again. A task or a model of the reader's own is named as
 * in the result, without its path.
 */
export function repeatCommand(run: RunData): Repeat {
  const { model } = run.result;
  const flags = Object.entries({ ...flagsOf(run), device: deviceOf(run) }).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const flag = `--${value === false ? 'no-' : ''}${name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
    return [typeof value === 'boolean' ? flag : `${flag} ${quoted(String(value))}`];
  });
  const missing = [
    ...(run.plan.separator !== undefined && textOf(run, run.plan.separator) === undefined
      ? ['the separator, if one was given: the text of its tokens is not known']
      : []),
    ...(run.plan.bos !== undefined && textOf(run, [run.plan.bos]) === undefined
      ? ['the BOS, if one was given: the text of the token is not known']
      : []),
    ...(model.family.startsWith('momentum_') ? ['the momentum, if the run and not the model had it'] : []),
    ...(model.family.endsWith('fairseq_gpt') ? ['the number of heads, if the model does not say it'] : []),
  ];
  return { command: ['dualform run', ...flags].join(' '), missing };
}

type Value = string | number | boolean | undefined;

/** Each option of a run; undefined for its default, or where the others say the same. */
function flagsOf(run: RunData): Readonly<Record<keyof typeof runOptions, Value>> {
  const { result, settings, plan } = run;
  const { model, task, finetuning } = result;
  return {
    task: task.name,
    model: model.name,
    shots: task.shotsAsked,
    seed: task.seed,
    learningRate: finetuning.learningRate ?? undefined,
    template: task.template,
    tap: plan.tap,
    limit: task.examples === task.evaluationRows ? 'all' : task.examples,
    settings: settings.length === settingNames.length ? undefined : settings.join(','),
    excludeLeaks: task.leaksExcluded > 0 || undefined,
    steadyCheck: finetuning.learningRate !== null && plan.steadyRows === 0 ? false : undefined,
    separator: plan.separator && textOf(run, plan.separator),
    bos: plan.bos === undefined ? undefined : textOf(run, [plan.bos]),
    batchSize: plan.batchSize,
    precision: plan.model?.precision,
    // It chooses seed, rate, shots and tap, which are above.
    preset: undefined,
    // The folder holds their effect alone.
    momentum: undefined,
    heads: undefined,
  };
}

/** The device, where it is not the default. */
function deviceOf({ device }: RunData): string | undefined {
  return /^(?:webgpu|cuda(?::\d+)?)/.exec(device ?? '')?.[0];
}

/** Undefined where a token is not known, or its text is not shown as it is. */
function textOf({ texts }: RunData, ids: readonly number[]): string | undefined {
  if (texts.from === null) return ids.length === 0 ? '' : undefined;
  const pieces = ids.map(id => texts.pieces[id] ?? '\ufffd');
  return pieces.some(piece => /\ufffd|⟨U\+/.test(piece)) ? undefined : pieces.join('');
}

/** For a shell: POSIX of 2024, and bash and zsh. */
function quoted(word: string): string {
  if (/^[\w./@:+,-]+$/.test(word)) return word;
  if (!/[\n\t]/.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', "'": "\\'", '\\': '\\\\' };
  return `$'${word.replaceAll(/[\n\t'\\]/g, letter => escapes[letter]!)}'`;
}
