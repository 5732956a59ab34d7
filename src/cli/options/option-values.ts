/** @file What may stand behind an option. */
import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import { UserError } from '../../error.ts';

/** A whole number from `least` on. */
export function wholeNumber(least: number) {
  const what = `must be a whole number from ${least} on`;
  return z
    .string()
    .regex(/^\d+$/, what)
    .transform(Number)
    .refine(n => Number.isSafeInteger(n) && n >= least, what);
}

/** A whole number from `least` on, or the word all. */
export function wholeNumberOrAll(least: number) {
  const what = `must be a whole number from ${least} on, or all`;
  return z
    .string()
    .regex(/^(\d+|all)$/, what)
    .transform(typed => (typed === 'all' ? typed : Number(typed)))
    .refine(n => n === 'all' || (Number.isSafeInteger(n) && n >= least), what);
}

/** Anything else is refused for good, so that in a union with other forms the message of the union stands. */
function number(what: string, fits: (x: number) => boolean) {
  return z
    .string()
    .regex(/^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, what)
    .transform(Number)
    .refine(x => Number.isFinite(x) && fits(x), { error: what, abort: true });
}

export function positiveNumber() {
  return number('must be a number above 0, as in 0.003 or 3e-3', x => x > 0);
}

export function numberFromZero() {
  return number('must be a number from 0 on, as in 0 or 0.1', () => true);
}

/** eta of momentum attention, or a decay of Adam. */
export function numberBelowOne() {
  return number('must be a number from 0 to below 1, as in 0.2', x => x < 1);
}

/** Token ids separated by commas or spaces; none where the text is empty. */
export function tokenIds() {
  const what = 'must be token ids separated by commas, as in 504,2471,436';
  return z
    .string()
    .transform(text => text.split(/[\s,]+/).filter(id => id !== ''))
    .refine(ids => ids.every(id => /^\d{1,9}$/.test(id)), what)
    .transform(ids => ids.map(Number));
}

export function text() {
  return z.string().min(1, 'must not be empty');
}

export function list() {
  return z.string().transform(names => names.split(',').map(name => name.trim()));
}

/** Values separated by commas, each read alone. */
export function listOf<S extends z.ZodType<unknown, string>>(value: S) {
  return list().pipe(z.array(value));
}

/** A list of some of these names, each once. */
export function namesOf<const N extends string>(names: readonly N[]) {
  return list().transform((typed, context) => {
    const refuse = (message: string) => {
      context.addIssue(message);
      return z.NEVER;
    };
    for (const name of typed) {
      if (name === '') return refuse(`must be a list of some of ${names.join(', ')}`);
      if ((names as readonly string[]).includes(name)) continue;
      return refuse(
        `"${name}" is not known; the nearest name is ${closest(name, [...names])} (there are ${names.join(', ')})`,
      );
    }
    if (new Set(typed).size < typed.length) return refuse('a name stands twice in the list');
    return typed as N[];
  });
}

/** Options of every command. */
export const everywhere = {
  json: z.boolean().optional(),
  quiet: z.boolean().optional(),
  debug: z.boolean().optional(),
  offline: z.boolean().optional(),
  threads: wholeNumber(1)
    .refine(n => n <= 1024, 'must be at most 1024')
    .optional(),
};

export const everywhereSchema = z.object(everywhere);

/** Reads the options of a command. @throws UserError naming the first that is wrong */
export function readOptions<S extends z.ZodType>(schema: S, options: Readonly<Record<string, unknown>>): z.output<S> {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  const name = String(first!.path[0]);
  const flag = flagOf(name);
  if (options[name] === undefined) throw new UserError(`${flag} is required`, { exitCode: 2 });
  throw new UserError(`${flag} ${JSON.stringify(options[name])}: ${first!.message}`, { exitCode: 2 });
}

/** learningRate -> --learning-rate */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
}
