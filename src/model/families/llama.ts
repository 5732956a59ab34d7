/**
 * @file The Llama family and those that differ from it in a detail: RMSNorm before attention and feed-forward, rotary positions,
 * grouped key/value heads, SwiGLU (Touvron et al. 2023). Biases, norms of queries and keys, and windows are options of `llamaLike`.
 */
import { z } from 'zod';
import { UserError } from '../../error.ts';
import * as g from '../../graph/operators/index.ts';
import { constant, type Tensor } from '../../graph/tensor.ts';
import type { Decoder } from '../decoder.ts';
import { activate, activationName } from '../layers/activation.ts';
import { apply, type Linear, linearTensors, unembed } from '../layers/linear.ts';
import { rmsNorm } from '../layers/rms-norm.ts';
import { ropeFrequencies, ropeSchema } from '../layers/rope-frequencies.ts';
import { rotate, rotation, scaledRotation } from '../layers/rotary.ts';
import { softCap } from '../layers/soft-cap.ts';
import { headCount, layerCount, parseConfig, size } from '../parse-config.ts';

const schema = z
  .object({
    hidden_size: size,
    intermediate_size: size,
    num_hidden_layers: layerCount,
    num_attention_heads: headCount,
    num_key_value_heads: headCount.nullish(),
    head_dim: size.nullish(),
    vocab_size: size,
    max_position_embeddings: z.int().positive().default(2048),
    rms_norm_eps: z.number().positive().default(1e-6),
    hidden_act: activationName.nullish(),
    hidden_activation: activationName.nullish(),
    tie_word_embeddings: z.boolean().nullish(),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
    sliding_window: z.int().positive().nullish(),
    use_sliding_window: z.boolean().nullish(),
    max_window_layers: z.int().nonnegative().nullish(),
    query_pre_attn_scalar: z.number().positive().nullish(),
    attn_logit_softcapping: z.number().positive().nullish(),
    final_logit_softcapping: z.number().positive().nullish(),
    layer_types: z.array(z.enum(['full_attention', 'sliding_attention'])).nullish(),
  })
  .and(ropeSchema);

export type LlamaConfig = z.output<typeof schema>;

export interface Variant {
  readonly family: string;
  /** Whether query, key and value projections have biases, and whether the output projection has one. */
  readonly biases: (config: LlamaConfig) => { readonly queryKeyValue: boolean; readonly output: boolean };
  /** RMSNorm over each head of queries and keys, before rotation. */
  readonly normsHeads?: boolean;
  /** Embeddings times sqrt(D), norms that scale by 1 + w, and tanh GELU in the gate unless the configuration says otherwise. */
  readonly isGemma?: boolean;
  /** Whether the head is the token embedding where the configuration does not say. */
  readonly tied?: boolean;
  /** RMSNorm on the results of attention and feed-forward too, before they are added. */
  readonly normsOutputs?: boolean;
  /** How many recent tokens a layer sees; undefined for all. */
  readonly window?: (config: LlamaConfig, layer: number) => number | undefined;
}

export const llama = llamaLike({
  family: 'llama',
  biases: c => ({ queryKeyValue: c.attention_bias, output: c.attention_bias }),
});

/** A family of Llama's build. */
export function llamaLike(variant: Variant): (config: Readonly<Record<string, unknown>>, source: string) => Decoder {
  return (config, source) => build(variant, parseConfig(schema, config, source), source);
}

function build(variant: Variant, c: LlamaConfig, source: string): Decoder {
  const heads = c.num_attention_heads;
  const keyValueHeads = c.num_key_value_heads ?? heads;
  const headWidth = c.head_dim ?? c.hidden_size / heads;
  if (heads % keyValueHeads !== 0 || !Number.isInteger(headWidth / 2)) {
    throw new UserError(
      `${source}: ${heads} heads of width ${headWidth} and ${keyValueHeads} key/value heads do not fit together; the configuration is damaged`,
    );
  }
  const frequencies = ropeFrequencies(c, headWidth, source);
  const [D, F, V] = [c.hidden_size, c.intermediate_size, c.vocab_size];
  const bias = variant.biases(c);
  const window = variant.window;
  const tied = c.tie_word_embeddings ?? variant.tied ?? false;
  const activation = c.hidden_activation ?? c.hidden_act ?? (variant.isGemma ? 'gelu_pytorch_tanh' : 'silu');
  const [scoreCap, logitCap] = [c.attn_logit_softcapping, c.final_logit_softcapping];

  const layers = Array.from({ length: c.num_hidden_layers }, (_, n) => {
    const layer = `model.layers.${n}`;
    const linear = (name: string, from: number, to: number, hasBias: boolean): Linear => ({
      name: `${layer}.${name}`,
      in: from,
      out: to,
      bias: hasBias,
    });
    return {
      attentionNorm: `${layer}.input_layernorm.weight`,
      query: linear('self_attn.q_proj', D, heads * headWidth, bias.queryKeyValue),
      key: linear('self_attn.k_proj', D, keyValueHeads * headWidth, bias.queryKeyValue),
      value: linear('self_attn.v_proj', D, keyValueHeads * headWidth, bias.queryKeyValue),
      queryNorm: `${layer}.self_attn.q_norm.weight`,
      keyNorm: `${layer}.self_attn.k_norm.weight`,
      output: linear('self_attn.o_proj', heads * headWidth, D, bias.output),
      feedForwardNorm: `${layer}.${variant.normsOutputs ? 'pre_feedforward_layernorm' : 'post_attention_layernorm'}.weight`,
      attentionOutputNorm: `${layer}.post_attention_layernorm.weight`,
      feedForwardOutputNorm: `${layer}.post_feedforward_layernorm.weight`,
      gate: linear('mlp.gate_proj', D, F, c.mlp_bias),
      up: linear('mlp.up_proj', D, F, c.mlp_bias),
      down: linear('mlp.down_proj', F, D, c.mlp_bias),
    };
  });
  const scales = (layer: (typeof layers)[number]) => [
    { name: layer.attentionNorm, shape: [D] },
    { name: layer.feedForwardNorm, shape: [D] },
    ...(variant.normsOutputs
      ? [layer.attentionOutputNorm, layer.feedForwardOutputNorm].map(name => ({ name, shape: [D] }))
      : []),
    ...(variant.normsHeads ? [layer.queryNorm, layer.keyNorm].map(name => ({ name, shape: [headWidth] })) : []),
  ];
  const embedding = 'model.embed_tokens.weight';
  const head = tied ? embedding : 'lm_head.weight';

  return {
    family: variant.family,
    layers: c.num_hidden_layers,
    heads,
    keyValueHeads,
    headWidth,
    width: D,
    vocabulary: V,
    context: c.max_position_embeddings,
    ...(scoreCap && { finishScores: (scores: Tensor) => softCap(scores, scoreCap) }),
    ...(window && { window: (layer: number) => window(c, layer) }),
    keyValue: layers.map(({ key, value }) => [key, value].flatMap(linearTensors)),
    feedForward: layers.map(({ gate, up }) => [gate, up]),
    tensors: [
      { name: embedding, shape: [V, D] },
      ...layers.flatMap(layer => [
        ...scales(layer),
        ...[layer.query, layer.key, layer.value, layer.output, layer.gate, layer.up, layer.down].flatMap(linearTensors),
      ]),
      { name: 'model.norm.weight', shape: [D] },
      ...(tied ? [] : [{ name: head, shape: [V, D] }]),
    ],
    hidden: pass => {
      const norm = (x: Tensor, name: string) => {
        const scale = pass.tensor(name);
        return rmsNorm(x, variant.isGemma ? g.add(scale, constant(1)) : scale, c.rms_norm_eps);
      };
      const normOutput = (x: Tensor, name: string) => (variant.normsOutputs ? norm(x, name) : x);
      const normHeads = (x: Tensor, name: string) =>
        variant.normsHeads
          ? g.reshape(norm(g.reshape(x, [x.shape[0]!, (x.shape[1] as number) / headWidth, headWidth]), name), x.shape)
          : x;
      const angles = rotation(pass.positions, frequencies);
      const scaled = scaledRotation(angles, (c.query_pre_attn_scalar ?? headWidth) ** -0.5);
      const embedded = pass.embed(embedding);
      let x = variant.isGemma ? g.multiply(embedded, constant(Math.sqrt(D))) : embedded;
      for (const [n, layer] of layers.entries()) {
        const normed = norm(x, layer.attentionNorm);
        const attended = pass.attend(n, {
          query: rotate(normHeads(apply(pass, layer.query, normed), layer.queryNorm), scaled, headWidth),
          key: rotate(normHeads(apply(pass, layer.key, normed), layer.keyNorm), angles, headWidth),
          value: apply(pass, layer.value, normed),
        });
        const output = apply(pass, layer.output, attended);
        pass.attentionOutput(n, output);
        x = g.add(x, normOutput(output, layer.attentionOutputNorm));
        const inner = norm(x, layer.feedForwardNorm);
        pass.feedForward(n, { stream: x, read: inner });
        const gated = g.multiply(activate(activation, apply(pass, layer.gate, inner)), apply(pass, layer.up, inner));
        x = pass.layerOutput(n, g.add(x, normOutput(apply(pass, layer.down, gated), layer.feedForwardOutputNorm)));
      }
      return norm(x, 'model.norm.weight');
    },
    logits: (pass, hidden) => {
      const logits = unembed(pass, head, hidden);
      return logitCap ? softCap(logits, logitCap) : logits;
    },
  };
}
