import * as z from 'zod/mini';
import { UserError } from '../../error.ts';
import { ropeParameters } from '../layers/rope-parameters.ts';
import { positive, positiveInteger, size } from '../parse-config.ts';
import { type LlamaConfig, llamaKeys, llamaLike } from './llama.ts';

/** Names of LongRoPE: Phi 3 was published with `su` and `yarn`. */
const LONGROPE = ['longrope', 'su', 'yarn'];

function rope(c: LlamaConfig, source: string) {
  const parameters = ropeParameters(c, source);
  if (LONGROPE.includes(parameters.type)) return { ...parameters, type: 'longrope' };
  if (parameters.type === 'default') return parameters;
  throw new UserError(
    `${source}: rope scaling '${parameters.type}' is not supported in Phi 3; supported are default and longrope`,
  );
}

/**
 * Llama with one tensor for the maps of queries, keys and values and one for those of gate and up,
 * rotary positions on a part of each head, LongRoPE (Abdin et al. 2024).
 */
export const phi3 = llamaLike({
  family: 'phi3',
  schema: z.object({
    ...llamaKeys,
    head_dim: z.optional(size),
    max_position_embeddings: z._default(positiveInteger, 4096),
    original_max_position_embeddings: z._default(positiveInteger, 4096),
    rms_norm_eps: z._default(positive, 1e-5),
    sliding_window: z._default(z.nullable(positiveInteger), null),
  }),
  biases: () => ({}),
  slides: c => c.sliding_window !== null,
  fused: true,
  rotatesPart: true,
  ropes: (c, source) => ({ local: rope(c, source), global: rope(c, source) }),
});
