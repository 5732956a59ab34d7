import { llamaLike } from './llama.ts';

/** Llama with a window of recent tokens in every layer (Jiang et al. 2023). */
export const mistral = llamaLike({
  family: 'mistral',
  biases: () => ({ queryKeyValue: false, output: false }),
  window: c => c.sliding_window ?? undefined,
});
