/**
 * @file Rotary positions in a configuration, in the form of transformers 4 (rope_theta,
 * rope_scaling) or 5 (rope_parameters).
 */
import * as z from 'zod/mini';
import { UserError } from '../../error.ts';
import { positive } from '../parse-config.ts';

const nonNegative = z.number().check(z.nonnegative());

const parameters = z.looseObject({
  rope_type: z.optional(z.string()),
  type: z.optional(z.string()),
  rope_theta: z.optional(positive),
  partial_rotary_factor: z.optional(positive.check(z.maximum(1))),
  factor: z.nullish(positive),
  original_max_position_embeddings: z.optional(positive),
  attention_factor: z.nullish(positive),
  low_freq_factor: z.optional(positive),
  high_freq_factor: z.optional(positive),
  beta_fast: z.nullish(nonNegative),
  beta_slow: z.nullish(nonNegative),
  mscale: z.nullish(nonNegative),
  mscale_all_dim: z.nullish(nonNegative),
  truncate: z.nullish(z.boolean()),
  short_factor: z.optional(z.array(positive)),
  long_factor: z.optional(z.array(positive)),
});

type Stored = z.output<typeof parameters>;

/** The keys of a configuration for rotary positions. */
export const ropeKeys = {
  rope_theta: z.nullish(positive),
  rope_scaling: z.nullish(parameters),
  rope_parameters: z.nullish(parameters),
  partial_rotary_factor: z.nullish(positive.check(z.maximum(1))),
  original_max_position_embeddings: z.nullish(positive),
};

export type RopeConfig = Readonly<z.output<z.ZodMiniObject<typeof ropeKeys>>>;

/** Rotary parameters with all defaults. */
export type RopeParameters = Readonly<Stored> & {
  readonly type: string;
  readonly theta: number;
  /** The rotated share of each head. */
  readonly share: number;
  /** The context that the model was trained with before scaling. */
  readonly original: number | null | undefined;
};

/** Keys of parameters that are given per kind of layer. */
const KINDS = ['full_attention', 'sliding_attention'];

/**
 * The parameters as transformers collects them: `rope_scaling` if present, else `rope_parameters`;
 * theta and the share from there, else from their own keys, else the defaults of the family.
 *
 * @throws UserError when theta is null, or parameters are given per kind of layer
 */
export function ropeParameters(
  config: RopeConfig,
  source: string,
  { theta: usualTheta = 10_000, share: usualShare = 1 }: { readonly theta?: number; readonly share?: number } = {},
): RopeParameters {
  const scaling = config.rope_scaling ?? {};
  const told: Stored = Object.keys(scaling).length > 0 ? scaling : (config.rope_parameters ?? {});
  if (KINDS.some(kind => kind in told)) {
    throw new UserError(`${source}: rotary parameters for each kind of layer are not supported in this family`);
  }
  const theta = told.rope_theta ?? (config.rope_theta === undefined ? usualTheta : config.rope_theta);
  if (theta === null)
    throw new UserError(`${source}: configuration key rope_theta: null; leave it out for the default`);
  return {
    ...told,
    type: told.rope_type ?? told.type ?? 'default',
    theta,
    share: told.partial_rotary_factor ?? config.partial_rotary_factor ?? usualShare,
    original:
      config.original_max_position_embeddings === undefined
        ? told.original_max_position_embeddings
        : config.original_max_position_embeddings,
  };
}
