import { headByHead } from '../plan.ts';
import { type Architecture, equalHeads, readSizes, rotaryDim, sizeKeys } from './architecture.ts';
import { ropeParameters } from './rotary.ts';

/**
 * GPT-NeoX and Pythia: the file holds queries, keys and values of all heads below each other. It
 * does not tell which GELU is used; this is Hugging Face's default, the exact one, as in Pythia.
 */
export const gptNeoX: Architecture = async file => {
  const { settings } = file;
  const sizes = readSizes(file);
  const { hiddenSize, inner, layers, heads, headDim, vocabulary, tied } = sizes;
  equalHeads(file, sizes);
  const rotated = rotaryDim(file, sizes);
  const rope = await ropeParameters(file, rotated);
  return {
    config: {
      architectures: ['GPTNeoXForCausalLM'],
      model_type: 'gpt_neox',
      ...sizeKeys(sizes),
      hidden_act: 'gelu',
      layer_norm_eps: settings.required('{arch}.attention.layer_norm_epsilon'),
      use_parallel_residual: settings.flag('{arch}.use_parallel_residual') ?? true,
      rope_parameters: { ...rope, partial_rotary_factor: rotated / headDim },
    },
    weights: ({ add, linear, norm }) => {
      add('gpt_neox.embed_in.weight', 'token_embd.weight', [vocabulary, hiddenSize]);
      for (let n = 0; n < layers; n++) {
        const [to, block] = [`gpt_neox.layers.${n}`, `blk.${n}`];
        norm(`${to}.input_layernorm`, `${block}.attn_norm`, hiddenSize);
        const order = headByHead(heads, headDim);
        linear(`${to}.attention.query_key_value`, `${block}.attn_qkv`, [3 * hiddenSize, hiddenSize], true, { order });
        linear(`${to}.attention.dense`, `${block}.attn_output`, [hiddenSize, hiddenSize], true);
        norm(`${to}.post_attention_layernorm`, `${block}.ffn_norm`, hiddenSize);
        linear(`${to}.mlp.dense_h_to_4h`, `${block}.ffn_up`, [inner, hiddenSize], true);
        linear(`${to}.mlp.dense_4h_to_h`, `${block}.ffn_down`, [hiddenSize, inner], true);
      }
      norm('gpt_neox.final_layer_norm', 'output_norm', hiddenSize);
      if (!tied) add('embed_out.weight', 'output.weight', [vocabulary, hiddenSize]);
    },
  };
};
