import * as z from 'zod/mini';
import { headCount, positiveInteger, size } from '../parse-config.ts';
import { type LlamaConfig, layerTypes, llamaKeys, llamaLike } from './llama.ts';

/** Keys of Qwen 2 and later, with defaults. */
export const qwenKeys = {
  ...llamaKeys,
  head_dim: z.optional(size),
  num_key_value_heads: z._default(z.nullable(headCount), 32),
  max_position_embeddings: z._default(positiveInteger, 32_768),
  use_sliding_window: z._default(z.boolean(), false),
  sliding_window: z._default(z.nullable(positiveInteger), 4096),
  max_window_layers: z._default(z.int().check(z.nonnegative()), 28),
  layer_types: layerTypes,
};

/**
 * The windows of Qwen: off by default, else in the layers of `layer_types`, or from
 * `max_window_layers` on.
 */
export function qwenSlides(c: LlamaConfig, layer: number): boolean {
  if (c.layer_types) return c.layer_types[layer] === 'sliding_attention';
  return c.use_sliding_window === true && c.sliding_window !== null && layer >= c.max_window_layers!;
}

/** Llama with biases on queries, keys and values (Yang et al. 2024). */
export const qwen2 = llamaLike({
  family: 'qwen2',
  schema: z.object(qwenKeys),
  biases: () => ({ queryKeyValue: true }),
  slides: qwenSlides,
});
