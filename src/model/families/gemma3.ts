import type { RopeConfig } from '../layers/rope-frequencies.ts';
import { type LlamaConfig, llamaLike } from './llama.ts';

function slides(c: LlamaConfig, layer: number): boolean {
  if (c.layer_types) return c.layer_types[layer] === 'sliding_attention';
  return (layer + 1) % (c.sliding_window_pattern ?? 6) !== 0;
}

/** The rotary positions of local and of global layers: under names of their own, or nested as transformers 5 writes them. */
function ropes(c: LlamaConfig): { readonly local: RopeConfig; readonly global: RopeConfig } {
  const nested = (kind: string) => c.rope_parameters?.[kind] as RopeConfig['rope_parameters'];
  const { max_position_embeddings, rope_scaling } = c;
  return {
    local: {
      max_position_embeddings,
      rope_theta: c.rope_local_base_freq ?? 10_000,
      rope_parameters: nested('sliding_attention'),
    },
    global: {
      max_position_embeddings,
      rope_theta: c.rope_theta ?? 1_000_000,
      rope_scaling,
      rope_parameters: nested('full_attention'),
    },
  };
}

/**
 * Gemma with a norm over each head of queries and keys, norms on both sides of attention and feed-forward, and five local layers with a
 * window and a rotary base of their own before each global one (Gemma Team 2025). Text only.
 */
export const gemma3 = llamaLike({
  family: 'gemma3_text',
  biases: c => ({ queryKeyValue: c.attention_bias, output: c.attention_bias }),
  isGemma: true,
  tied: true,
  normsHeads: true,
  normsOutputs: true,
  window: (c, layer) => (slides(c, layer) ? (c.sliding_window ?? undefined) : undefined),
  slides,
  ropes,
  defaults: { head_dim: 256, query_pre_attn_scalar: 256, sliding_window: 4096, max_position_embeddings: 131_072 },
});
