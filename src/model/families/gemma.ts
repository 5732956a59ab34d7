import * as z from 'zod';
import { activationName } from '../layers/activation.ts';
import { headCount, size } from '../parse-config.ts';
import { llamaKeys, llamaLike } from './llama.ts';

/** Keys of all Gemma models, with defaults. */
export const gemmaKeys = {
  ...llamaKeys,
  head_dim: size.default(256),
  max_position_embeddings: z.int().positive().default(8192),
  tie_word_embeddings: z.boolean().default(true),
  attention_bias: z.boolean().default(false),
  use_bidirectional_attention: z.literal(false).nullish(),
};

/**
 * Llama with scaled embeddings, norms that scale by 1 + w, and tanh GELU in the gate (Gemma Team
 * 2024). The first releases call it `gelu` by mistake.
 */
export const gemma = llamaLike({
  family: 'gemma',
  schema: z.object({
    ...gemmaKeys,
    num_key_value_heads: headCount.default(16),
    hidden_act: activationName.default('gelu_pytorch_tanh'),
  }),
  biases: c => ({ queryKeyValue: c.attention_bias, output: c.attention_bias }),
  isGemma: true,
  activation: c => (c.hidden_act === 'gelu' ? 'gelu_pytorch_tanh' : c.hidden_act!),
});
