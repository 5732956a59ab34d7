import * as z from 'zod/mini';
import { UserError } from '../error.ts';
import { parseSchema } from '../parse-schema.ts';

export const positive = z.number().check(z.positive());
export const positiveInteger = z.int().check(z.positive());

// Lists get their length from the configuration before its tensors are checked, so a damaged one
// must not need gigabytes.
export const layerCount = positiveInteger.check(z.maximum(1000));
export const headCount = positiveInteger.check(z.maximum(10_000));
/** A size or a number of tokens. */
export const size = positiveInteger.check(z.maximum(10_000_000));

/**
 * Parses the configuration of a checkpoint by the schema of its family; unknown keys are ignored.
 *
 * @param aliases other names of keys, which take precedence
 */
export function parseConfig<S extends z.ZodMiniType>(
  schema: S,
  config: Readonly<Record<string, unknown>>,
  source: string,
  aliases: Readonly<Record<string, string>> = {},
): z.output<S> {
  const named = Object.entries(aliases).filter(([alias]) => config[alias] !== undefined);
  const renamed = Object.fromEntries(named.map(([alias, key]) => [key, config[alias]]));
  const parsed = parseSchema(schema, { ...config, ...renamed });
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  throw new UserError(`${source}: configuration key ${first!.path.join('.') || '(root)'}: ${first!.message}`);
}

/** headDim = hiddenSize / heads. @throws UserError when the heads do not divide the hidden size */
export function divided(source: string, hiddenSize: number, heads: number): number {
  if (hiddenSize % heads === 0) return hiddenSize / heads;
  throw new UserError(
    `${source}: ${heads} heads do not divide the hidden size ${hiddenSize}; the configuration is damaged`,
  );
}
