/**
 * @file How an option is declared: a zod schema with its text. docs/options.md shows how to add
 * one.
 */
import { closest } from 'fastest-levenshtein';
import * as z from 'zod';
import { UserError } from './error.ts';

/** What people read of an option, in addition to the schema of its values. */
export interface OptionText {
  /** One phrase, as in the help of a command. */
  readonly description: string;
  /**
   * What represents the value in the help, where the kind of value does not say enough: `folder`.
   */
  readonly placeholder?: string;
  /** The default in words, where the schema holds none: "the task's". */
  readonly byDefault?: string;
  /** The heading in the help of a command that has several. */
  readonly group?: string;
  /** Values that the shell completes, in addition to those that the schema names. */
  readonly suggestions?: readonly string[];
  /** A name that the command line still accepts in this version, but does not show. */
  readonly formerly?: string;
}

/** The options of a function or a command, by name. */
export type OptionShape = Readonly<Record<string, z.ZodType>>;

/**
 * What a function with these options takes: every option that has a default may be left out or
 * undefined.
 */
export type OptionsOf<S extends OptionShape> = {
  readonly [K in keyof S as undefined extends z.input<S[K]> ? K : never]?: z.input<S[K]> | undefined;
} & { readonly [K in keyof S as undefined extends z.input<S[K]> ? never : K]: z.input<S[K]> };

/** What a function has after reading its options: defaults are filled in. */
export type ChosenOptions<S extends OptionShape> = { readonly [K in keyof S]: z.output<S[K]> };

const texts = z.registry<OptionText>();

/** Declares an option: the values that it takes, and what people read of it. */
export function option<S extends z.ZodType>(schema: S, text: OptionText): S {
  const described = schema.meta({ description: text.description });
  texts.add(described, text);
  return described;
}

/** @throws Error for a schema that is not declared by `option` */
export function textOf(schema: z.ZodType): OptionText {
  const text = texts.get(schema);
  if (text === undefined) throw new Error('this schema is not declared as an option');
  return text;
}

/** The same options under a heading of the help. */
export function inGroup<S extends OptionShape>(group: string, shape: S): S {
  const grouped = Object.entries(shape).map(([name, schema]) => [name, option(schema, { ...textOf(schema), group })]);
  return Object.fromEntries(grouped);
}

/** A schema compiles its checks when it is first used: a plan of many cells uses one. */
const objects = new WeakMap<OptionShape, z.ZodType>();

function objectOf(shape: OptionShape): z.ZodType {
  const object = objects.get(shape) ?? z.strictObject(shape);
  objects.set(shape, object);
  return object;
}

/** @throws UserError for the first option that is wrong */
export function checkOptions<S extends OptionShape>(
  shape: S,
  given: Readonly<Record<string, unknown>>,
): ChosenOptions<S> {
  const parsed = objectOf(shape).safeParse(given);
  if (parsed.success) return parsed.data as ChosenOptions<S>;
  const issue = parsed.error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    const name = issue.keys[0]!;
    throw new UserError('unknown option', {
      option: name,
      remedy: `did you mean ${closest(name, Object.keys(shape))}?`,
    });
  }
  const name = String(issue.path[0]);
  if (given[name] === undefined) throw new UserError('is required', { option: name });
  throw new UserError(issue.message, { option: name, value: given[name] });
}

/** The JSON Schema (draft 2020-12) of an object with these options. */
export function optionsJsonSchema(shape: OptionShape): z.core.JSONSchema.JSONSchema {
  return z.toJSONSchema(z.strictObject(shape), { io: 'input' });
}

/** @param most defaults to the largest number that is exact as float64 */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER) {
  const message =
    most === Number.MAX_SAFE_INTEGER
      ? `must be a whole number, at least ${least}`
      : `must be a whole number from ${least} to ${most}`;
  return z.int(message).min(least, message).max(most, message);
}

export function positiveNumber() {
  const message = 'must be a number above 0, as in 0.003 or 3e-3';
  return z.number(message).positive(message);
}

export function nonNegativeNumber() {
  const message = 'must be a number, at least 0';
  return z.number(message).min(0, message);
}

/** In [0, 1): eta of momentum attention, or a decay of Adam. */
export function numberBelowOne() {
  const message = 'must be a number from 0 to below 1, as in 0.2';
  return z.number(message).min(0, message).lt(1, message);
}

export function nonEmptyText() {
  return z.string('must be a text').min(1, 'must not be empty');
}

/** One of some names; another is refused with the nearest. */
export function oneOf<const N extends string>(names: readonly N[]) {
  const error = ({ input }: { readonly input?: unknown }) =>
    typeof input === 'string' && input !== ''
      ? `unknown name "${input}"; did you mean ${closest(input, [...names])}? (choose from ${names.join(', ')})`
      : `must be one of ${names.join(', ')}`;
  return z.enum(names as readonly [N, ...N[]], { error });
}

/** At least one value. */
export function listOf<S extends z.ZodType>(value: S) {
  return z.array(value, 'must be a list').min(1, 'needs at least one').readonly();
}
