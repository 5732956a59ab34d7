import * as z from 'zod/mini';
import { headCount, positiveInteger } from '../parse-config.ts';
import { layerTypes, llamaKeys, llamaLike } from './llama.ts';

/** Llama with a window of recent tokens in every layer (Jiang et al. 2023). */
export const mistral = llamaLike({
  family: 'mistral',
  schema: z.object({
    ...llamaKeys,
    num_key_value_heads: z._default(z.nullable(headCount), 8),
    max_position_embeddings: z._default(positiveInteger, 131_072),
    sliding_window: z._default(z.nullable(positiveInteger), 4096),
    // transformers takes such a configuration for Ministral.
    layer_types: layerTypes,
  }),
  biases: () => ({}),
  slides: (c, layer) => (c.layer_types ? c.layer_types[layer] === 'sliding_attention' : c.sliding_window !== null),
});
