import * as z from 'zod/mini';
import { size } from '../parse-config.ts';
import { llamaLike } from './llama.ts';
import { qwenKeys, qwenSlides } from './qwen2.ts';

/** Llama with a norm over each head of queries and keys (Yang et al. 2025). */
export const qwen3 = llamaLike({
  family: 'qwen3',
  schema: z.object({ ...qwenKeys, head_dim: z._default(size, 128), attention_bias: z._default(z.boolean(), false) }),
  biases: c => ({ queryKeyValue: c.attention_bias, output: c.attention_bias }),
  normsHeads: true,
  slides: qwenSlides,
});
