import { type Architecture, type GgufFile, readSizes, rotaryDim, type Sizes, sizeKeys } from './architecture.ts';
import { ropeParameters } from './rotary.ts';

/**
 * Phi 3 and 4: one projection of queries, keys and values, one of gate and up, and for long
 * contexts LongRoPE.
 */
export const phi3: Architecture = async file => {
  const { settings } = file;
  const sizes = readSizes(file);
  const { hiddenSize, inner, layers, heads, keyValueHeads, headDim, vocabulary, context, tied } = sizes;
  if (headDim * heads !== hiddenSize) {
    settings.fail(`${heads} heads of ${headDim} in a model of hiddenSize ${hiddenSize} are not supported in phi3`);
  }
  const rotated = rotaryDim(file, sizes);
  const original = settings.number('{arch}.rope.scaling.original_context_length') ?? context;
  const rope = (await longRope(file, sizes, rotated, original)) ?? (await ropeParameters(file, rotated));
  const window = settings.number('{arch}.attention.sliding_window') ?? 0;
  return {
    config: {
      architectures: ['Phi3ForCausalLM'],
      model_type: 'phi3',
      ...sizeKeys(sizes),
      num_key_value_heads: keyValueHeads,
      original_max_position_embeddings: original,
      hidden_act: 'silu',
      rms_norm_eps: settings.required('{arch}.attention.layer_norm_rms_epsilon'),
      rope_parameters: { ...rope, partial_rotary_factor: rotated / headDim },
      sliding_window: window > 0 ? window : null,
    },
    weights: ({ add }) => {
      add('model.embed_tokens.weight', 'token_embd.weight', [vocabulary, hiddenSize]);
      const fused = (heads + 2 * keyValueHeads) * headDim;
      for (let n = 0; n < layers; n++) {
        const [to, block] = [`model.layers.${n}`, `blk.${n}`];
        add(`${to}.input_layernorm.weight`, `${block}.attn_norm.weight`, [hiddenSize]);
        add(`${to}.self_attn.qkv_proj.weight`, `${block}.attn_qkv.weight`, [fused, hiddenSize]);
        add(`${to}.self_attn.o_proj.weight`, `${block}.attn_output.weight`, [hiddenSize, hiddenSize]);
        add(`${to}.post_attention_layernorm.weight`, `${block}.ffn_norm.weight`, [hiddenSize]);
        add(`${to}.mlp.gate_up_proj.weight`, `${block}.ffn_up.weight`, [2 * inner, hiddenSize]);
        add(`${to}.mlp.down_proj.weight`, `${block}.ffn_down.weight`, [hiddenSize, inner]);
      }
      add('model.norm.weight', 'output_norm.weight', [hiddenSize]);
      if (!tied) add('lm_head.weight', 'output.weight', [vocabulary, hiddenSize]);
    },
  };
};

/** LongRoPE, where the file has its divisors: those of short and of long sequences. */
async function longRope(
  { gguf, settings, readTensor }: GgufFile,
  { context }: Sizes,
  rotated: number,
  original: number,
) {
  const [short, long] = ['short', 'long'].map(kind => gguf.tensors.get(`rope_factors_${kind}.weight`));
  if (short === undefined && long === undefined) return undefined;
  if (short === undefined || long === undefined) {
    return settings.fail('one of rope_factors_short.weight and rope_factors_long.weight is missing');
  }
  const scaling = settings.text('{arch}.rope.scaling.type') ?? 'longrope';
  if (scaling !== 'longrope') settings.fail(`rotary scaling "${scaling}" with LongRoPE's divisors is not supported`);
  const factors = await Promise.all([readTensor(short), readTensor(long)]);
  for (const divisors of factors) {
    if (divisors.length !== rotated / 2 || !divisors.every(value => value > 0 && Number.isFinite(value))) {
      settings.fail(
        `rope_factors_short.weight and rope_factors_long.weight must hold ${rotated / 2} positive divisors each`,
      );
    }
  }
  const factor = settings.number('{arch}.rope.scaling.attn_factor');
  const usual = context > original ? Math.sqrt(1 + Math.log(context / original) / Math.log(original)) : 1;
  return {
    rope_type: 'longrope',
    rope_theta: settings.number('{arch}.rope.freq_base') ?? 10000,
    short_factor: [...factors[0]],
    long_factor: [...factors[1]],
    original_max_position_embeddings: original,
    attention_factor: factor ?? usual,
  };
}
