import * as z from 'zod/mini';
import { UserError } from '../../error.ts';
import { type RopeParameters, ropeParameters } from '../layers/rope-parameters.ts';
import { positive, positiveInteger } from '../parse-config.ts';
import { gemma2Keys } from './gemma2.ts';
import { type LlamaConfig, llamaLike } from './llama.ts';

// Gemma 3 does not cap scores, whatever its configuration says.
const { attn_logit_softcapping: _, ...common } = gemma2Keys;

/**
 * The rotary positions of local and global layers: under their own keys, or nested as transformers
 * 5 writes them.
 */
function ropes(c: LlamaConfig, source: string): { readonly local: RopeParameters; readonly global: RopeParameters } {
  const nested = (kind: string) => {
    const parsed = c.rope_parameters?.[kind] ?? {};
    if (typeof parsed === 'object') return parsed as NonNullable<LlamaConfig['rope_scaling']>;
    throw new UserError(`${source}: configuration key rope_parameters.${kind}: not an object`);
  };
  const { rope_theta, rope_local_base_freq, rope_scaling, partial_rotary_factor } = c;
  const of = (rope_parameters: LlamaConfig['rope_parameters'], theta: number | null | undefined, usual: number) => {
    const config = { rope_parameters, partial_rotary_factor, ...(theta !== undefined && { rope_theta: theta }) };
    const parameters = ropeParameters(config, source, { theta: usual });
    if (parameters.share === 1) return parameters;
    throw new UserError(`${source}: configuration key partial_rotary_factor: Gemma 3 rotates whole heads`);
  };
  return {
    local: of(nested('sliding_attention'), rope_local_base_freq, 10_000),
    global: of({ ...nested('full_attention'), ...rope_scaling }, rope_theta, 1_000_000),
  };
}

/**
 * Gemma with a norm over each head of queries and keys, norms on both sides of attention and
 * feed-forward, and five local layers, with a window and their own rotary base, before each global
 * one (Gemma Team 2025). Text only.
 */
export const gemma3 = llamaLike({
  family: 'gemma3_text',
  schema: z.object({
    ...common,
    max_position_embeddings: z._default(positiveInteger, 131_072),
    final_logit_softcapping: z._default(z.nullable(positive), null),
    sliding_window_pattern: z._default(positiveInteger, 6),
    rope_local_base_freq: z.optional(positive),
  }),
  biases: c => ({ queryKeyValue: c.attention_bias, output: c.attention_bias }),
  isGemma: true,
  activation: c => c.hidden_activation!,
  normsHeads: true,
  normsOutputs: true,
  slides: (c, layer) =>
    c.layer_types ? c.layer_types[layer] === 'sliding_attention' : (layer + 1) % c.sliding_window_pattern! !== 0,
  ropes,
});
