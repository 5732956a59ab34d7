/** @file The sizes of published models, from their `config.json`. */

export type Config = Readonly<Record<string, unknown>> & { readonly model_type: string };

/**
 * Artetxe et al. 2021; the vocabulary is that of fairseq's `dict.txt`, as in its own `model.pt`.
 */
const fairseqDense = (num_layers: number, d_model: number, attention_heads: number): Config => ({
  model_type: 'xglm',
  vocab_size: 50_264,
  max_position_embeddings: 2048,
  ffn_dim: 4 * d_model,
  activation_function: 'gelu',
  scale_embedding: true,
  bos_token_id: 0,
  pad_token_id: 1,
  eos_token_id: 2,
  ...{ num_layers, d_model, attention_heads },
});

const gpt2 = (n_layer: number, n_embd: number, n_head: number): Config => ({
  model_type: 'gpt2',
  vocab_size: 50_257,
  n_positions: 1024,
  bos_token_id: 50_256,
  ...{ n_layer, n_embd, n_head },
});

const opt = (num_hidden_layers: number, hidden_size: number, num_attention_heads: number, more = {}): Config => ({
  model_type: 'opt',
  vocab_size: 50_272,
  ffn_dim: 4 * hidden_size,
  max_position_embeddings: 2048,
  bos_token_id: 2,
  ...{ num_hidden_layers, hidden_size, num_attention_heads },
  ...more,
});

const gptNeo = (num_layers: number, hidden_size: number, num_heads: number): Config => ({
  model_type: 'gpt_neo',
  vocab_size: 50_257,
  max_position_embeddings: 2048,
  attention_types: [[['global', 'local'], num_layers / 2]],
  window_size: 256,
  bos_token_id: 50_256,
  ...{ num_layers, hidden_size, num_heads },
});

const pythia = (
  num_hidden_layers: number,
  hidden_size: number,
  num_attention_heads: number,
  vocab_size = 50_304,
): Config => ({
  model_type: 'gpt_neox',
  intermediate_size: 4 * hidden_size,
  max_position_embeddings: 2048,
  rotary_pct: 0.25,
  bos_token_id: 0,
  ...{ num_hidden_layers, hidden_size, num_attention_heads, vocab_size },
});

interface LlamaSizes {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly inner: number;
  readonly vocabulary: number;
  readonly context: number;
  readonly tied?: boolean;
}

const llamaLike = (model_type: string, sizes: LlamaSizes, more = {}): Config => ({
  model_type,
  num_hidden_layers: sizes.layers,
  hidden_size: sizes.hiddenSize,
  num_attention_heads: sizes.heads,
  num_key_value_heads: sizes.keyValueHeads,
  intermediate_size: sizes.inner,
  vocab_size: sizes.vocabulary,
  max_position_embeddings: sizes.context,
  tie_word_embeddings: sizes.tied ?? false,
  bos_token_id: 1,
  ...more,
});

const smollm2 = (layers: number, hiddenSize: number, heads: number, keyValueHeads: number, inner: number): Config =>
  llamaLike('llama', {
    ...{ layers, hiddenSize, heads, keyValueHeads, inner },
    vocabulary: 49_152,
    context: 8192,
    tied: true,
  });

/** Configurations by the name of the model. */
export const ARCHITECTURES = {
  'fairseq-dense-125M': fairseqDense(12, 768, 12),
  'fairseq-dense-355M': fairseqDense(24, 1024, 16),
  'fairseq-dense-1.3B': fairseqDense(24, 2048, 32),
  'fairseq-dense-2.7B': fairseqDense(32, 2560, 32),
  'fairseq-dense-6.7B': fairseqDense(32, 4096, 32),
  'fairseq-dense-13B': fairseqDense(40, 5120, 40),
  gpt2: gpt2(12, 768, 12),
  'gpt2-medium': gpt2(24, 1024, 16),
  'gpt2-large': gpt2(36, 1280, 20),
  'gpt2-xl': gpt2(48, 1600, 25),
  'opt-125m': opt(12, 768, 12),
  'opt-350m': opt(24, 1024, 16, { word_embed_proj_dim: 512, do_layer_norm_before: false }),
  'opt-1.3b': opt(24, 2048, 32),
  'opt-2.7b': opt(32, 2560, 32),
  'opt-6.7b': opt(32, 4096, 32),
  'gpt-neo-125m': gptNeo(12, 768, 12),
  'gpt-neo-1.3B': gptNeo(24, 2048, 16),
  'gpt-neo-2.7B': gptNeo(32, 2560, 20),
  'pythia-70m': pythia(6, 512, 8),
  'pythia-160m': pythia(12, 768, 12),
  'pythia-410m': pythia(24, 1024, 16),
  'pythia-1b': pythia(16, 2048, 8),
  'pythia-1.4b': pythia(24, 2048, 16),
  'pythia-2.8b': pythia(32, 2560, 32),
  'pythia-6.9b': pythia(32, 4096, 32, 50_432),
  'SmolLM2-135M': smollm2(30, 576, 9, 3, 1536),
  'SmolLM2-360M': smollm2(32, 960, 15, 5, 2560),
  'SmolLM2-1.7B': smollm2(24, 2048, 32, 32, 8192),
  'Llama-2-7b': llamaLike('llama', {
    ...{ layers: 32, hiddenSize: 4096, heads: 32, keyValueHeads: 32, inner: 11_008 },
    ...{ vocabulary: 32_000, context: 4096 },
  }),
  'Llama-3.1-8B': llamaLike('llama', {
    ...{ layers: 32, hiddenSize: 4096, heads: 32, keyValueHeads: 8, inner: 14_336 },
    ...{ vocabulary: 128_256, context: 131_072 },
  }),
  'Llama-3.2-1B': llamaLike('llama', {
    ...{ layers: 16, hiddenSize: 2048, heads: 32, keyValueHeads: 8, inner: 8192 },
    ...{ vocabulary: 128_256, context: 131_072, tied: true },
  }),
  'Mistral-7B-v0.1': llamaLike(
    'mistral',
    {
      ...{ layers: 32, hiddenSize: 4096, heads: 32, keyValueHeads: 8, inner: 14_336 },
      ...{ vocabulary: 32_000, context: 32_768 },
    },
    { sliding_window: 4096 },
  ),
  'Qwen2.5-0.5B': llamaLike('qwen2', {
    ...{ layers: 24, hiddenSize: 896, heads: 14, keyValueHeads: 2, inner: 4864 },
    ...{ vocabulary: 151_936, context: 32_768, tied: true },
  }),
  'Qwen2.5-1.5B': llamaLike('qwen2', {
    ...{ layers: 28, hiddenSize: 1536, heads: 12, keyValueHeads: 2, inner: 8960 },
    ...{ vocabulary: 151_936, context: 131_072, tied: true },
  }),
  'Qwen2.5-7B': llamaLike('qwen2', {
    ...{ layers: 28, hiddenSize: 3584, heads: 28, keyValueHeads: 4, inner: 18_944 },
    ...{ vocabulary: 152_064, context: 131_072 },
  }),
  'Qwen3-0.6B': llamaLike(
    'qwen3',
    {
      ...{ layers: 28, hiddenSize: 1024, heads: 16, keyValueHeads: 8, inner: 3072 },
      ...{ vocabulary: 151_936, context: 40_960, tied: true },
    },
    { head_dim: 128 },
  ),
} as const satisfies Readonly<Record<string, Config>>;

export type ArchitectureName = keyof typeof ARCHITECTURES;
