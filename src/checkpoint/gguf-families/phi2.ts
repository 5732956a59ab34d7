import { rowsFrom } from '../gguf-plan.ts';
import { type Architecture, equalHeads, readSizes, rotatedWidth, sizeKeys } from './architecture.ts';
import { ropeParameters } from './rotary.ts';

/** Phi 1, 1.5 and 2: queries, keys and values in maps of their own, or in one tensor below each other as the first files have them. */
export const phi2: Architecture = async file => {
  const { gguf, settings } = file;
  const sizes = readSizes(file);
  const { width, inner, layers, headWidth, vocabulary, tied } = sizes;
  equalHeads(file, sizes);
  const rotated = rotatedWidth(file, sizes);
  const rope = await ropeParameters(file, rotated);
  return {
    config: {
      architectures: ['PhiForCausalLM'],
      model_type: 'phi',
      ...sizeKeys(sizes),
      hidden_act: 'gelu_new',
      layer_norm_eps: settings.required('{arch}.attention.layer_norm_epsilon'),
      rope_parameters: { ...rope, partial_rotary_factor: rotated / headWidth },
    },
    weights: ({ add, linear, norm }) => {
      add('model.embed_tokens.weight', 'token_embd.weight', [vocabulary, width]);
      for (let n = 0; n < layers; n++) {
        const [to, block] = [`model.layers.${n}`, `blk.${n}`];
        norm(`${to}.input_layernorm`, `${block}.attn_norm`, width);
        const fused = gguf.tensors.has(`${block}.attn_qkv.weight`);
        for (const [i, part] of ['q', 'k', 'v'].entries()) {
          const from = `${block}.attn_${fused ? 'qkv' : part}`;
          const layout = fused ? { order: rowsFrom(i * width), rowsInFile: 3 * width } : {};
          linear(`${to}.self_attn.${part}_proj`, from, [width, width], true, layout);
        }
        linear(`${to}.self_attn.dense`, `${block}.attn_output`, [width, width], true);
        linear(`${to}.mlp.fc1`, `${block}.ffn_up`, [inner, width], true);
        linear(`${to}.mlp.fc2`, `${block}.ffn_down`, [width, inner], true);
      }
      norm('model.final_layernorm', 'output_norm', width);
      if (!tied) add('lm_head.weight', 'output.weight', [vocabulary, width]);
      add('lm_head.bias', 'output.bias', [vocabulary]);
    },
  };
};
