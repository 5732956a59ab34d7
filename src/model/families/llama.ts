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
import { apart, fused } from '../layers/maps.ts';
import { rmsNorm } from '../layers/rms-norm.ts';
import { type RopeConfig, readRope, ropeSchema } from '../layers/rope-frequencies.ts';
import { type Rotation, rotate, rotation, scaledRotation } from '../layers/rotary.ts';
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
    sliding_window_pattern: z.int().positive().nullish(),
    use_bidirectional_attention: z.literal(false).nullish(),
    rope_local_base_freq: z.number().positive().nullish(),
    original_max_position_embeddings: z.int().positive().nullish(),
    partial_rotary_factor: z.number().positive().max(1).nullish(),
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
  /** Rotary positions where layers differ: of those that `slides` names, and of the others. */
  readonly ropes?: (config: LlamaConfig) => { readonly local: RopeConfig; readonly global: RopeConfig };
  readonly slides?: (config: LlamaConfig, layer: number) => boolean;
  /** The maps of queries, keys and values in one tensor, and those of gate and up. */
  readonly fused?: boolean;
  /** Rotary positions on a part of each head, where the configuration says so. */
  readonly rotatesPart?: boolean;
  /** What a configuration that lacks a key means. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

export const llama = llamaLike({
  family: 'llama',
  biases: c => ({ queryKeyValue: c.attention_bias, output: c.attention_bias }),
});

/** A family of Llama's build. */
export function llamaLike(variant: Variant): (config: Readonly<Record<string, unknown>>, source: string) => Decoder {
  return (config, source) => build(variant, parseConfig(schema, { ...variant.defaults, ...config }, source), source);
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
  const share = c.rope_parameters?.partial_rotary_factor ?? c.partial_rotary_factor ?? 1;
  const rotated = variant.rotatesPart ? Math.floor(headWidth * share) : headWidth;
  const { local, global } = variant.ropes?.(c) ?? { local: c, global: c };
  const [localRope, globalRope] = [readRope(local, rotated, source), readRope(global, rotated, source)];
  const [D, F, V] = [c.hidden_size, c.intermediate_size, c.vocab_size];
  const bias = variant.biases(c);
  const window = variant.window;
  const tied = c.tie_word_embeddings ?? variant.tied ?? false;
  const activation = c.hidden_activation ?? c.hidden_act ?? (variant.isGemma ? 'gelu_pytorch_tanh' : 'silu');
  const [scoreCap, logitCap] = [c.attn_logit_softcapping, c.final_logit_softcapping];

  const [queryWidth, keyWidth] = [heads * headWidth, keyValueHeads * headWidth];
  const attentionMaps = (linear: (name: string, from: number, to: number, hasBias: boolean) => Linear) => {
    if (variant.fused) {
      const all = linear('self_attn.qkv_proj', D, queryWidth + 2 * keyWidth, bias.queryKeyValue);
      const changed = { axis: 0, index: (row: number) => row >= queryWidth };
      return {
        queryKeyValue: fused(all, [queryWidth, keyWidth, keyWidth]),
        keyValue: linearTensors(all).map(tensor => ({ ...tensor, changed })),
      };
    }
    const query = linear('self_attn.q_proj', D, queryWidth, bias.queryKeyValue);
    const key = linear('self_attn.k_proj', D, keyWidth, bias.queryKeyValue);
    const value = linear('self_attn.v_proj', D, keyWidth, bias.queryKeyValue);
    return { queryKeyValue: apart(query, key, value), keyValue: [key, value].flatMap(linearTensors) };
  };
  const layers = Array.from({ length: c.num_hidden_layers }, (_, n) => {
    const layer = `model.layers.${n}`;
    const linear = (name: string, from: number, to: number, hasBias: boolean): Linear => ({
      name: `${layer}.${name}`,
      in: from,
      out: to,
      bias: hasBias,
    });
    return {
      rope: variant.slides?.(c, n) ? localRope : globalRope,
      attentionNorm: `${layer}.input_layernorm.weight`,
      ...attentionMaps(linear),
      queryNorm: `${layer}.self_attn.q_norm.weight`,
      keyNorm: `${layer}.self_attn.k_norm.weight`,
      output: linear('self_attn.o_proj', heads * headWidth, D, bias.output),
      feedForwardNorm: `${layer}.${variant.normsOutputs ? 'pre_feedforward_layernorm' : 'post_attention_layernorm'}.weight`,
      attentionOutputNorm: `${layer}.post_attention_layernorm.weight`,
      feedForwardOutputNorm: `${layer}.post_feedforward_layernorm.weight`,
      gateAndUp: variant.fused
        ? fused(linear('mlp.gate_up_proj', D, 2 * F, c.mlp_bias), [F, F])
        : apart(linear('mlp.gate_proj', D, F, c.mlp_bias), linear('mlp.up_proj', D, F, c.mlp_bias)),
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
    context: Math.min(c.max_position_embeddings, ...layers.map(({ rope }) => rope.longest)),
    ...(scoreCap && { finishScores: (scores: Tensor) => softCap(scores, scoreCap) }),
    ...(window && { window: (layer: number) => window(c, layer) }),
    keyValue: layers.map(({ keyValue }) => keyValue),
    feedForward: layers.map(({ gateAndUp }) => gateAndUp.linears),
    tensors: [
      { name: embedding, shape: [V, D] },
      ...layers.flatMap(layer => [
        ...scales(layer),
        ...[...layer.queryKeyValue.linears, layer.output, ...layer.gateAndUp.linears, layer.down].flatMap(
          linearTensors,
        ),
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
      const scale = (c.query_pre_attn_scalar ?? headWidth) ** -0.5;
      // Where whole heads are rotated, their scale costs nothing.
      const whole = rotated === headWidth;
      const turns = new Map(
        [...new Set(layers.map(({ rope }) => rope))].map(rope => {
          const angles = rotation(pass.positions, rope);
          const turn = (x: Tensor, by: Rotation) => rotate(x, by, headWidth, rotated);
          const scaled = scaledRotation(angles, scale);
          const query = (x: Tensor) => (whole ? turn(x, scaled) : g.multiply(turn(x, angles), constant(scale)));
          return [rope, { query, key: (x: Tensor) => turn(x, angles) }];
        }),
      );
      const embedded = pass.embed(embedding);
      let x = variant.isGemma ? g.multiply(embedded, constant(Math.sqrt(D))) : embedded;
      for (const [n, layer] of layers.entries()) {
        const maps = layer.queryKeyValue.apply(pass, norm(x, layer.attentionNorm));
        const [query, key, value] = maps as [Tensor, Tensor, Tensor];
        const turn = turns.get(layer.rope)!;
        const attended = pass.attend(n, {
          query: turn.query(normHeads(query, layer.queryNorm)),
          key: turn.key(normHeads(key, layer.keyNorm)),
          value,
        });
        const output = apply(pass, layer.output, attended);
        pass.attentionOutput(n, output);
        x = g.add(x, normOutput(output, layer.attentionOutputNorm));
        const inner = norm(x, layer.feedForwardNorm);
        pass.feedForward(n, { stream: x, read: inner });
        const [gate, up] = layer.gateAndUp.apply(pass, inner) as [Tensor, Tensor];
        const gated = g.multiply(activate(activation, gate), up);
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
