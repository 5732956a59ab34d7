import { llamaLike } from './llama.ts';
import { qwenWindow } from './qwen2.ts';

/** Llama with a norm over each head of queries and keys (Yang et al. 2025). */
export const qwen3 = llamaLike({
  family: 'qwen3',
  biases: c => ({ queryKeyValue: c.attention_bias, output: c.attention_bias }),
  normsHeads: true,
  window: qwenWindow,
});
