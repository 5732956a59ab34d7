import { type Architecture, equalHeads, readSizes } from './architecture.ts';

/**
 * GPT-2: fused projections, learned positions; Hugging Face stores the matrices of its blocks [in,
 * out].
 */
export const gpt2: Architecture = file => {
  const { settings } = file;
  const sizes = readSizes(file);
  const { hiddenSize, inner, layers, heads, vocabulary, context, tied } = sizes;
  equalHeads(file, sizes);
  return {
    config: {
      architectures: ['GPT2LMHeadModel'],
      model_type: 'gpt2',
      n_embd: hiddenSize,
      n_inner: inner,
      n_layer: layers,
      n_head: heads,
      n_positions: context,
      vocab_size: vocabulary,
      activation_function: 'gelu_new',
      layer_norm_epsilon: settings.required('{arch}.attention.layer_norm_epsilon'),
      tie_word_embeddings: tied,
    },
    weights: ({ add, linear, norm }) => {
      add('transformer.wte.weight', 'token_embd.weight', [vocabulary, hiddenSize]);
      add('transformer.wpe.weight', 'position_embd.weight', [context, hiddenSize]);
      for (let n = 0; n < layers; n++) {
        const [to, block] = [`transformer.h.${n}`, `blk.${n}`];
        const map = (name: string, from: string, shape: readonly [number, number]) =>
          linear(`${to}.${name}`, `${block}.${from}`, shape, true, { transposed: true });
        norm(`${to}.ln_1`, `${block}.attn_norm`, hiddenSize);
        map('attn.c_attn', 'attn_qkv', [hiddenSize, 3 * hiddenSize]);
        map('attn.c_proj', 'attn_output', [hiddenSize, hiddenSize]);
        norm(`${to}.ln_2`, `${block}.ffn_norm`, hiddenSize);
        map('mlp.c_fc', 'ffn_up', [hiddenSize, inner]);
        map('mlp.c_proj', 'ffn_down', [inner, hiddenSize]);
      }
      norm('transformer.ln_f', 'output_norm', hiddenSize);
      if (!tied) add('lm_head.weight', 'output.weight', [vocabulary, hiddenSize]);
    },
  };
};
