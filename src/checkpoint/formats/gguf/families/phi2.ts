import { rowsFrom } from '../plan.ts';
import { type Architecture, equalHeads, readSizes, rotaryDim, sizeKeys } from './architecture.ts';
import { ropeParameters } from './rotary.ts';

/**
 * Phi 1, 1.5 and 2: queries, keys and values in maps of their own, or in one tensor below each
 * other as the first files have them.
 */
export const phi2: Architecture = async file => {
  const { gguf, settings } = file;
  const sizes = readSizes(file);
  const { hiddenSize, inner, layers, headDim, vocabulary, tied } = sizes;
  equalHeads(file, sizes);
  const rotated = rotaryDim(file, sizes);
  const rope = await ropeParameters(file, rotated);
  return {
    config: {
      architectures: ['PhiForCausalLM'],
      model_type: 'phi',
      ...sizeKeys(sizes),
      hidden_act: 'gelu_new',
      layer_norm_eps: settings.required('{arch}.attention.layer_norm_epsilon'),
      rope_parameters: { ...rope, partial_rotary_factor: rotated / headDim },
    },
    weights: ({ add, linear, norm }) => {
      add('model.embed_tokens.weight', 'token_embd.weight', [vocabulary, hiddenSize]);
      for (let n = 0; n < layers; n++) {
        const [to, block] = [`model.layers.${n}`, `blk.${n}`];
        norm(`${to}.input_layernorm`, `${block}.attn_norm`, hiddenSize);
        const fused = gguf.tensors.has(`${block}.attn_qkv.weight`);
        for (const [i, part] of ['q', 'k', 'v'].entries()) {
          const from = `${block}.attn_${fused ? 'qkv' : part}`;
          const layout = fused ? { order: rowsFrom(i * hiddenSize), rowsInFile: 3 * hiddenSize } : {};
          linear(`${to}.self_attn.${part}_proj`, from, [hiddenSize, hiddenSize], true, layout);
        }
        linear(`${to}.self_attn.dense`, `${block}.attn_output`, [hiddenSize, hiddenSize], true);
        linear(`${to}.mlp.fc1`, `${block}.ffn_up`, [inner, hiddenSize], true);
        linear(`${to}.mlp.fc2`, `${block}.ffn_down`, [hiddenSize, inner], true);
      }
      norm('model.final_layernorm', 'output_norm', hiddenSize);
      if (!tied) add('lm_head.weight', 'output.weight', [vocabulary, hiddenSize]);
      add('lm_head.bias', 'output.bias', [vocabulary]);
    },
  };
};
