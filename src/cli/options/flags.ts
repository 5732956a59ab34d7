import { Option } from 'commander';
import * as z from 'zod';
import { type OptionShape, textOf } from '../../options.ts';
import type { Flags } from './command-error.ts';
import { choicesOf, defaultOf, isBoolean, isList, kindOf } from './kind.ts';

/** learningRate -> --learning-rate; an option that is on by default is typed to turn it off: --no-steady-check */
function flagOf(name: string, schema: z.ZodType): string {
  const words = name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
  return defaultOf(schema) === true ? `--no-${words}` : `--${words}`;
}

/** The flags of a command by the names of its options. */
export function flagsOf(shape: OptionShape): Flags {
  return new Map(Object.entries(shape).map(([name, schema]) => [name, flagOf(name, schema)]));
}

/** The options of a command for commander, former names hidden. */
export function commanderOptions(shape: OptionShape): readonly Option[] {
  return Object.entries(shape).flatMap(([name, schema]) => {
    const { formerly, group } = textOf(schema);
    const value = isBoolean(schema) ? '' : ` <${placeholderOf(schema)}>`;
    const option = new Option(`${flagOf(name, schema)}${value}`, describe(schema));
    if (group !== undefined) option.helpGroup(`${group}:`);
    if (formerly === undefined) return [option];
    return [option, new Option(`${flagOf(formerly, schema)}${value}`).hideHelp()];
  });
}

function placeholderOf(schema: z.ZodType): string {
  const { placeholder } = textOf(schema);
  if (placeholder !== undefined) return placeholder;
  const kind = kindOf(schema);
  if (kind instanceof z.ZodArray) return 'list';
  if (kind instanceof z.ZodEnum) return 'name';
  const first = kind instanceof z.ZodUnion ? kindOf(kind.options[0]!) : kind;
  return first instanceof z.ZodNumber ? 'number' : 'text';
}

/** The description with choices and default in brackets after it. */
function describe(schema: z.ZodType): string {
  const { description, byDefault } = textOf(schema);
  const choices = choicesOf(schema);
  const standard = byDefault ?? shownDefault(defaultOf(schema), choices);
  const more = [
    ...(choices.length === 0 ? [] : [`${isList(schema) ? 'some of' : 'choices'}: ${choices.join(', ')}`]),
    ...(standard === undefined ? [] : [`default: ${standard}`]),
  ];
  return more.length === 0 ? description : `${description} (${more.join('; ')})`;
}

function shownDefault(value: unknown, choices: readonly string[]): string | undefined {
  if (value === undefined || typeof value === 'boolean') return undefined;
  if (!Array.isArray(value)) return String(value);
  return value.length === choices.length ? 'all' : value.join(',');
}
