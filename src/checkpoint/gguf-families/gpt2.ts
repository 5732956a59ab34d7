import { type Architecture, equalHeads, readSizes } from './architecture.ts';

/** GPT-2: fused projections, learned positions; Hugging Face stores the matrices of its blocks [in, out]. */
export const gpt2: Architecture = file => {
  const { settings } = file;
  const sizes = readSizes(file);
  const { width, inner, layers, heads, vocabulary, context, tied } = sizes;
  equalHeads(file, sizes);
  return {
    config: {
      architectures: ['GPT2LMHeadModel'],
      model_type: 'gpt2',
      n_embd: width,
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
      add('transformer.wte.weight', 'token_embd.weight', [vocabulary, width]);
      add('transformer.wpe.weight', 'position_embd.weight', [context, width]);
      for (let n = 0; n < layers; n++) {
        const [to, block] = [`transformer.h.${n}`, `blk.${n}`];
        const map = (name: string, from: string, shape: readonly [number, number]) =>
          linear(`${to}.${name}`, `${block}.${from}`, shape, true, { transposed: true });
        norm(`${to}.ln_1`, `${block}.attn_norm`, width);
        map('attn.c_attn', 'attn_qkv', [width, 3 * width]);
        map('attn.c_proj', 'attn_output', [width, width]);
        norm(`${to}.ln_2`, `${block}.ffn_norm`, width);
        map('mlp.c_fc', 'ffn_up', [width, inner]);
        map('mlp.c_proj', 'ffn_down', [inner, width]);
      }
      norm('transformer.ln_f', 'output_norm', width);
      if (!tied) add('lm_head.weight', 'output.weight', [vocabulary, width]);
    },
  };
};
