import * as z from 'zod/mini';
import { activationName } from '../layers/activation.ts';
import { headCount, positiveInteger, size } from '../parse-config.ts';
import { llamaKeys, llamaLike } from './llama.ts';

/** Keys of all Gemma models, with defaults. */
export const gemmaKeys = {
  ...llamaKeys,
  head_dim: z._default(size, 256),
  max_position_embeddings: z._default(positiveInteger, 8192),
  tie_word_embeddings: z._default(z.boolean(), true),
  attention_bias: z._default(z.boolean(), false),
  use_bidirectional_attention: z.nullish(z.literal(false)),
};

/**
 * Llama with scaled embeddings, norms that scale by 1 + w, and tanh GELU in the gate (Gemma Team
 * 2024). The first releases call it `gelu` by mistake.
 */
export const gemma = llamaLike({
  family: 'gemma',
  schema: z.object({
    ...gemmaKeys,
    num_key_value_heads: z._default(headCount, 16),
    hidden_act: z._default(activationName, 'gelu_pytorch_tanh'),
  }),
  biases: c => ({ queryKeyValue: c.attention_bias, output: c.attention_bias }),
  isGemma: true,
  activation: c => (c.hidden_act === 'gelu' ? 'gelu_pytorch_tanh' : c.hidden_act!),
});
