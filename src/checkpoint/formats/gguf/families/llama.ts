/**
 * @file The architectures built like Llama: one table of the differences, as in
 * `src/model/families/llama.ts`.
 */
import { pairedRows } from '../plan.ts';
import { type Architecture, type GgufFile, readSizes, type Sizes, sizeKeys, wholeHeads } from './architecture.ts';
import { ropeParameters } from './rotary.ts';

interface Variant {
  readonly modelType: string;
  readonly className: string;
  /**
   * Which projections have biases: those of queries, keys and values, as the file has them, or
   * none.
   */
  readonly attentionBiases: 'query, key and value' | 'as stored' | 'none';
  /** Whether the feed-forward may have biases. */
  readonly innerBiases?: boolean;
  /** Query and key rows are stored in pairs, for rotary positions on neighbours. */
  readonly pairedRows?: boolean;
  /** A norm over each head of queries and keys. */
  readonly headNorms?: boolean;
  /** Norms on the results of attention and feed-forward too. */
  readonly outputNorms?: boolean;
  /** Norms hold 1 + w where Hugging Face has w. */
  readonly onePlusNorms?: boolean;
  readonly activation: Readonly<Record<string, string>>;
  /** Further keys of the configuration, given its rotary positions. */
  readonly config?: (
    file: GgufFile,
    sizes: Sizes,
    rope: Readonly<Record<string, unknown>>,
  ) => Readonly<Record<string, unknown>>;
}

export function llamaLike(variant: Variant): Architecture {
  return async file => {
    const { settings } = file;
    const sizes = readSizes(file);
    const { hiddenSize, inner, layers, heads, keyValueHeads, headDim, vocabulary, tied } = sizes;
    wholeHeads(file, sizes);
    const stored = variant.attentionBiases === 'as stored';
    const attentionBias = stored && biases(file, ['attn_q', 'attn_k', 'attn_v', 'attn_output']);
    const innerBias = variant.innerBiases === true && biases(file, ['ffn_gate', 'ffn_up', 'ffn_down']);
    const readBias = attentionBias || variant.attentionBiases === 'query, key and value';
    const rope = await ropeParameters(file, headDim);
    const config = {
      architectures: [variant.className],
      model_type: variant.modelType,
      ...sizeKeys(sizes),
      num_key_value_heads: keyValueHeads,
      head_dim: headDim,
      ...variant.activation,
      rms_norm_eps: settings.required('{arch}.attention.layer_norm_rms_epsilon'),
      ...(stored && { attention_bias: attentionBias }),
      ...(variant.innerBiases && { mlp_bias: innerBias }),
      ...(variant.config?.(file, sizes, rope) ?? { rope_theta: rope.rope_theta, rope_parameters: rope }),
    };
    if (variant.config === undefined) refuseScale(file, headDim);
    const paired = variant.pairedRows ? { order: pairedRows(headDim) } : {};
    const norms = variant.onePlusNorms ? { add: -1 } : {};
    return {
      config,
      weights: ({ add, linear }) => {
        const [querySize, keySize] = [heads * headDim, keyValueHeads * headDim];
        add('model.embed_tokens.weight', 'token_embd.weight', [vocabulary, hiddenSize]);
        for (let n = 0; n < layers; n++) {
          const to = `model.layers.${n}`;
          const block = `blk.${n}`;
          const norm = (name: string, from: string, size = hiddenSize) =>
            add(`${to}.${name}.weight`, `${block}.${from}.weight`, [size], norms);
          norm('input_layernorm', 'attn_norm');
          linear(`${to}.self_attn.q_proj`, `${block}.attn_q`, [querySize, hiddenSize], readBias, paired);
          linear(`${to}.self_attn.k_proj`, `${block}.attn_k`, [keySize, hiddenSize], readBias, paired);
          linear(`${to}.self_attn.v_proj`, `${block}.attn_v`, [keySize, hiddenSize], readBias);
          if (variant.headNorms) {
            norm('self_attn.q_norm', 'attn_q_norm', headDim);
            norm('self_attn.k_norm', 'attn_k_norm', headDim);
          }
          linear(`${to}.self_attn.o_proj`, `${block}.attn_output`, [hiddenSize, querySize], attentionBias);
          if (variant.outputNorms) {
            norm('post_attention_layernorm', 'post_attention_norm');
            norm('pre_feedforward_layernorm', 'ffn_norm');
            norm('post_feedforward_layernorm', 'post_ffw_norm');
          } else {
            norm('post_attention_layernorm', 'ffn_norm');
          }
          linear(`${to}.mlp.gate_proj`, `${block}.ffn_gate`, [inner, hiddenSize], innerBias);
          linear(`${to}.mlp.up_proj`, `${block}.ffn_up`, [inner, hiddenSize], innerBias);
          linear(`${to}.mlp.down_proj`, `${block}.ffn_down`, [hiddenSize, inner], innerBias);
        }
        add('model.norm.weight', 'output_norm.weight', [hiddenSize], norms);
        if (!tied) add('lm_head.weight', 'output.weight', [vocabulary, hiddenSize]);
      },
    };
  };
}

/** Whether projections have biases; in Hugging Face's model they have all of a group or none. */
function biases({ gguf, settings }: GgufFile, projections: readonly string[]): boolean {
  const present = projections.filter(name => gguf.tensors.has(`blk.0.${name}.bias`));
  if (present.length !== 0 && present.length !== projections.length) {
    const missing = projections.filter(name => !present.includes(name));
    settings.fail(`${present.join(', ')} have biases but ${missing.join(', ')} have none, which is not supported`);
  }
  return present.length > 0;
}

/** A scale of the scores that the family cannot say must be its own, 1 / sqrt(headDim). */
function refuseScale({ settings }: GgufFile, headDim: number): void {
  const scale = settings.number('{arch}.attention.scale') ?? 0;
  if (scale !== 0 && Math.abs(scale * Math.sqrt(headDim) - 1) > 1e-5) {
    settings.fail(`it uses ${settings.architecture}.attention.scale = ${scale}, which is not supported`);
  }
}

const silu = { hidden_act: 'silu' };
export const tanhGelu = { hidden_activation: 'gelu_pytorch_tanh' };

export const llama = llamaLike({
  modelType: 'llama',
  className: 'LlamaForCausalLM',
  attentionBiases: 'as stored',
  innerBiases: true,
  pairedRows: true,
  activation: silu,
});

export const qwen2 = llamaLike({
  modelType: 'qwen2',
  className: 'Qwen2ForCausalLM',
  attentionBiases: 'query, key and value',
  activation: silu,
});

export const qwen3 = llamaLike({
  modelType: 'qwen3',
  className: 'Qwen3ForCausalLM',
  attentionBiases: 'as stored',
  headNorms: true,
  activation: silu,
});
