import { headByHead } from '../plan.ts';
import { type Architecture, equalHeads, readSizes } from './architecture.ts';

/** BLOOM: the file holds queries, keys and values of all heads below each other. */
export const bloom: Architecture = file => {
  const { settings } = file;
  const sizes = readSizes(file);
  const { hiddenSize, inner, layers, heads, headDim, vocabulary, context, tied } = sizes;
  equalHeads(file, sizes);
  if (inner !== 4 * hiddenSize)
    settings.fail(`a feed-forward of ${inner} in a BLOOM of hiddenSize ${hiddenSize} is not supported`);
  const bias = settings.number('{arch}.attention.max_alibi_bias') ?? 8;
  if (bias !== 8) settings.fail(`it uses bloom.attention.max_alibi_bias = ${bias}, only 8 is supported`);
  return {
    config: {
      architectures: ['BloomForCausalLM'],
      model_type: 'bloom',
      hidden_size: hiddenSize,
      n_layer: layers,
      n_head: heads,
      seq_length: context,
      vocab_size: vocabulary,
      layer_norm_epsilon: settings.required('{arch}.attention.layer_norm_epsilon'),
      tie_word_embeddings: tied,
    },
    weights: ({ add, linear, norm }) => {
      add('transformer.word_embeddings.weight', 'token_embd.weight', [vocabulary, hiddenSize]);
      norm('transformer.word_embeddings_layernorm', 'token_embd_norm', hiddenSize);
      for (let n = 0; n < layers; n++) {
        const [to, block] = [`transformer.h.${n}`, `blk.${n}`];
        norm(`${to}.input_layernorm`, `${block}.attn_norm`, hiddenSize);
        const order = headByHead(heads, headDim);
        linear(`${to}.self_attention.query_key_value`, `${block}.attn_qkv`, [3 * hiddenSize, hiddenSize], true, {
          order,
        });
        linear(`${to}.self_attention.dense`, `${block}.attn_output`, [hiddenSize, hiddenSize], true);
        norm(`${to}.post_attention_layernorm`, `${block}.ffn_norm`, hiddenSize);
        linear(`${to}.mlp.dense_h_to_4h`, `${block}.ffn_up`, [inner, hiddenSize], true);
        linear(`${to}.mlp.dense_4h_to_h`, `${block}.ffn_down`, [hiddenSize, inner], true);
      }
      norm('transformer.ln_f', 'output_norm', hiddenSize);
      if (!tied) add('lm_head.weight', 'output.weight', [vocabulary, hiddenSize]);
    },
  };
};
