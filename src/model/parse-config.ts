import { z } from 'zod';
import { UserError } from '../error.ts';

// Lists are made as long as a configuration says, before its tensors are looked at: a damaged one must not ask for gigabytes.
export const layerCount = z.int().positive().max(1000);
export const headCount = z.int().positive().max(10_000);
/** A hiddenSize or a number of tokens. */
export const size = z.int().positive().max(10_000_000);

/**
 * The configuration of a checkpoint as its family's schema reads it; unknown keys are left alone.
 *
 * @param aliases other names of keys, which take the place of the keys themselves
 */
export function parseConfig<S extends z.ZodType>(
  schema: S,
  config: Readonly<Record<string, unknown>>,
  source: string,
  aliases: Readonly<Record<string, string>> = {},
): z.output<S> {
  const named = Object.entries(aliases).filter(([alias]) => config[alias] !== undefined);
  const renamed = Object.fromEntries(named.map(([alias, key]) => [key, config[alias]]));
  const parsed = schema.safeParse({ ...config, ...renamed });
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  throw new UserError(`${source}: configuration key ${first!.path.join('.') || '(root)'}: ${first!.message}`);
}

/** The hiddenSize of each of several heads. @throws UserError when they do not divide the model hiddenSize */
export function divided(source: string, hiddenSize: number, heads: number): number {
  if (hiddenSize % heads === 0) return hiddenSize / heads;
  throw new UserError(
    `${source}: ${heads} heads do not divide the hiddenSize ${hiddenSize}; the configuration is damaged`,
  );
}
