import { type LlamaConfig, llamaLike } from './llama.ts';

/** Qwen's windows: off unless asked for, and then in the layers that are named or from `max_window_layers` on. */
export function qwenWindow(c: LlamaConfig, layer: number): number | undefined {
  const slides = c.layer_types ? c.layer_types[layer] === 'sliding_attention' : layer >= (c.max_window_layers ?? 0);
  return c.use_sliding_window && slides ? (c.sliding_window ?? undefined) : undefined;
}

/** Llama with biases on queries, keys and values (Yang et al. 2024). */
export const qwen2 = llamaLike({
  family: 'qwen2',
  biases: () => ({ queryKeyValue: true, output: false }),
  window: qwenWindow,
});
