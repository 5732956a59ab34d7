import { en } from 'zod/locales';
import * as z from 'zod/mini';

/**
 * What a value is by a schema of `zod/mini`, or what is wrong with it, in English. `zod/mini` has no
 * messages of its own; it is a quarter of `zod` in a browser.
 */
export function parseSchema<S extends z.ZodMiniType>(schema: S, value: unknown) {
  return z.safeParse(schema, value, { error: messages });
}

const messages = en().localeError;
