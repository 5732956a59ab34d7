import { llamaLike } from './llama.ts';

/**
 * Gemma with norms on both sides of attention and feed-forward, soft-capped scores and logits, and a window in every second layer
 * (Gemma Team 2024).
 */
export const gemma2 = llamaLike({
  family: 'gemma2',
  biases: c => ({ queryKeyValue: c.attention_bias, output: c.attention_bias }),
  isGemma: true,
  tied: true,
  normsOutputs: true,
  window: (c, layer) => {
    const slides = c.layer_types ? c.layer_types[layer] === 'sliding_attention' : layer % 2 === 0;
    return slides ? (c.sliding_window ?? undefined) : undefined;
  },
});
