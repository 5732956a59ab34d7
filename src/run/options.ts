import { z } from 'zod';
import { UserError } from '../error.ts';
import { type SettingName, settingNames } from '../setting/setting.ts';
import type { TemplateVariant } from '../task/task.ts';
import { type PresetName, presetNames } from './paper/paper.ts';

/** Where attention is observed: at the last prompt token, or at the label word of class 0 as in the official code. */
export type Tap = 'prompt-end' | 'label';

export const taps: readonly Tap[] = ['prompt-end', 'label'];
export const templates: readonly TemplateVariant[] = ['paper', 'code'];

/** Sequences that go through the model together. */
export const DEFAULT_BATCH_SIZE = 16;
export const DEFAULT_MODEL = 'smollm2-135m-instruct';
export const DEFAULT_TASK = 'sst2';

const options = z
  .strictObject({
    preset: z.enum(presetNames as [PresetName, ...PresetName[]]).optional(),
    task: z.string().min(1).default(DEFAULT_TASK),
    model: z.string().min(1).default(DEFAULT_MODEL),
    heads: z.int().min(1).optional(),
    momentum: z.number().min(0).lt(1).optional(),
    shots: z.int().min(0).optional(),
    seed: z.int().min(0).optional(),
    learningRate: z.number().positive().optional(),
    separator: z.string().optional(),
    bos: z.string().min(1).optional(),
    template: z.enum(templates as [TemplateVariant, ...TemplateVariant[]]).default('code'),
    tap: z.enum(taps as [Tap, ...Tap[]]).optional(),
    limit: z.union([z.int().min(1), z.literal('all')], 'must be a whole number from 1 on, or all').optional(),
    excludeLeaks: z.boolean().default(false),
    settings: z
      .array(z.enum(settingNames as [SettingName, ...SettingName[]]))
      .min(1)
      .default([...settingNames])
      .transform(chosen => settingNames.filter(name => chosen.includes(name))),
    steadyCheck: z.boolean().default(true),
    batchSize: z.int().min(1).max(1024).default(DEFAULT_BATCH_SIZE),
  })
  .transform(chosen => ({ ...chosen, tap: chosen.tap ?? usualTap(chosen.preset) }));

/** The paper's numbers were read at the label word. */
function usualTap(preset: PresetName | undefined): Tap {
  return preset === undefined ? 'prompt-end' : 'label';
}

/** What a run may be asked for; everything has a default but, for models that were not tuned, the learning rate. */
export type ExperimentOptions = {
  readonly [K in keyof z.input<typeof options>]?: z.input<typeof options>[K] | undefined;
};
export type Options = z.output<typeof options>;

/** @throws UserError naming the option */
export function readOptions(given: ExperimentOptions): Options {
  return checkOptions(options, given);
}

/** @throws UserError naming the first option that is wrong */
export function checkOptions<S extends z.ZodType>(schema: S, given: Readonly<Record<string, unknown>>): z.output<S> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const name = issue.code === 'unrecognized_keys' ? issue.keys[0]! : String(issue.path[0] ?? '');
  const value = issue.code === 'unrecognized_keys' ? '' : ` ${show(given[name])}`;
  throw new UserError(`${optionName(name)}${value}: ${lowerFirst(issue.message)}`, { exitCode: 2 });
}

/** `learningRate` -> `--learning-rate` */
export function optionName(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
}

function show(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
