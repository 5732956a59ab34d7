import { llamaLike } from './llama.ts';

/** Llama with scaled embeddings, norms that scale by 1 + w, and tanh GELU in the gate (Gemma Team 2024). */
export const gemma = llamaLike({
  family: 'gemma',
  biases: c => ({ queryKeyValue: c.attention_bias, output: c.attention_bias }),
  isGemma: true,
  tied: true,
});
