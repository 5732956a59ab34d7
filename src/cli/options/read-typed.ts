import * as z from 'zod';
import { type ChosenOptions, checkOptions, type OptionShape, textOf } from '../../options.ts';
import { kindOf } from './kind.ts';

/**
 * Reads options as commander gives them: text by name, true or false for options without a value.
 *
 * @throws UserError for the first that is wrong
 */
export function readTyped<S extends OptionShape>(shape: S, typed: Readonly<Record<string, unknown>>): ChosenOptions<S> {
  const values: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(shape)) {
    const { formerly } = textOf(schema);
    const text = typed[name] ?? (formerly === undefined ? undefined : typed[formerly]);
    if (text !== undefined) values[name] = typeof text === 'string' ? typedValue(schema, text) : text;
  }
  return checkOptions(shape, values);
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * The value that a text is for a schema; the text itself where it is none, so that the schema says
 * what is wrong.
 */
function typedValue(schema: z.core.$ZodType, text: string): unknown {
  const kind = kindOf(schema);
  if (kind instanceof z.ZodNumber) return NUMBER.test(text) ? Number(text) : text;
  if (kind instanceof z.ZodArray) return listOf(kind, text);
  if (kind instanceof z.ZodRecord) return recordOf(kind, text);
  if (!(kind instanceof z.ZodUnion)) return text;
  for (const option of kind.options) {
    const value = typedValue(option, text);
    if (z.safeParse(option, value).success) return value;
  }
  return text;
}

/**
 * Entries are separated by commas, lists in a list by semicolons; between numbers blanks will do.
 */
function listOf(list: z.ZodArray, text: string): unknown[] {
  const element = kindOf(list.element);
  if (text.trim() === '') return [];
  const separator = element instanceof z.ZodArray ? ';' : element instanceof z.ZodNumber ? /\s*,\s*|\s+/ : /\s*,\s*/;
  return text
    .trim()
    .split(separator)
    .map(entry => typedValue(list.element, entry));
}

/** sst2=0.001,mr=0.002 */
function recordOf({ valueType }: z.ZodRecord, text: string): unknown {
  const pairs = text.split(',').map(pair => /^\s*(.+?)\s*=\s*(.*?)\s*$/.exec(pair));
  if (pairs.some(pair => pair === null)) return text;
  return Object.fromEntries(pairs.map(pair => [pair![1], typedValue(valueType, pair![2]!)]));
}
