import * as z from 'zod/mini';
import { activationName } from '../layers/activation.ts';
import { headCount, positive, positiveInteger } from '../parse-config.ts';
import { gemmaKeys } from './gemma.ts';
import { layerTypes, llamaLike } from './llama.ts';

// Gemma 2 and later have hidden_activation instead.
const { hidden_act: _, ...common } = gemmaKeys;

/** Keys of Gemma 2 and later, with the defaults of Gemma 2. */
export const gemma2Keys = {
  ...common,
  hidden_activation: z._default(activationName, 'gelu_pytorch_tanh'),
  num_key_value_heads: z._default(headCount, 4),
  query_pre_attn_scalar: z._default(positive, 256),
  sliding_window: z._default(z.nullable(positiveInteger), 4096),
  layer_types: layerTypes,
  attn_logit_softcapping: z._default(z.nullable(positive), 50),
  final_logit_softcapping: z._default(z.nullable(positive), 30),
};

/**
 * Gemma with norms on both sides of attention and feed-forward, soft-capped scores and logits, and
 * a window in every second layer (Gemma Team 2024).
 */
export const gemma2 = llamaLike({
  family: 'gemma2',
  schema: z.object(gemma2Keys),
  biases: c => ({ queryKeyValue: c.attention_bias, output: c.attention_bias }),
  isGemma: true,
  activation: c => c.hidden_activation!,
  normsOutputs: true,
  slides: (c, layer) => (c.layer_types ? c.layer_types[layer] === 'sliding_attention' : layer % 2 === 0),
});
