/**
 * @file The Llama family and those that differ from it in a detail: RMSNorm before attention and
 * feed-forward, rotary positions, grouped key/value heads, SwiGLU (Touvron et al. 2023). Biases,
 * norms of queries and keys, and windows are options of `llamaLike`.
 */
import * as z from 'zod/mini';
import { UserError } from '../../error.ts';
import * as g from '../../graph/operators/index.ts';
import { constant, type Tensor } from '../../graph/tensor.ts';
import type { Decoder, Pass } from '../decoder.ts';
import { type Activation, activate, activationName } from '../layers/activation.ts';
import { apart, apply, fused, type Linear, linearTensors, unembed } from '../layers/linear.ts';
import { rmsNorm } from '../layers/norms.ts';
import { readRope } from '../layers/rope-frequencies.ts';
import { type RopeParameters, ropeKeys, ropeParameters } from '../layers/rope-parameters.ts';
import { ROTARY, type Rotation, rotate, rotation, scaledRotation } from '../layers/rotary.ts';
import { headCount, layerCount, parseConfig, positive, positiveInteger, size } from '../parse-config.ts';

/** Keys that every family like Llama reads, with the defaults of most. */
export const llamaKeys = {
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: layerCount,
  num_attention_heads: headCount,
  num_key_value_heads: z._default(z.nullable(headCount), null),
  head_dim: z._default(z.nullable(size), null),
  max_position_embeddings: z._default(positiveInteger, 2048),
  rms_norm_eps: z._default(positive, 1e-6),
  hidden_act: z._default(activationName, 'silu'),
  tie_word_embeddings: z._default(z.boolean(), false),
  ...ropeKeys,
};

/** Kinds of attention in `layer_types`; `attention` is an older name. */
export const layerTypes = z.nullish(z.array(z.enum(['full_attention', 'attention', 'sliding_attention'])));

/** Keys that some of the families read. */
interface OwnKeys {
  readonly attention_bias: boolean;
  readonly mlp_bias: boolean;
  readonly head_dim: number | null | undefined;
  readonly hidden_act: Activation;
  readonly hidden_activation: Activation;
  readonly sliding_window: number | null;
  readonly use_sliding_window: boolean;
  readonly max_window_layers: number;
  readonly layer_types: readonly string[] | null | undefined;
  readonly sliding_window_pattern: number;
  readonly query_pre_attn_scalar: number;
  readonly attn_logit_softcapping: number | null;
  readonly final_logit_softcapping: number | null;
  readonly rope_local_base_freq: number;
}

export type LlamaConfig = Readonly<Omit<z.output<z.ZodMiniObject<typeof llamaKeys>>, 'hidden_act' | 'head_dim'>> &
  Partial<OwnKeys>;

export interface Variant {
  readonly family: string;
  /**
   * The keys that the family reads, with the defaults of its configuration class in transformers.
   * Others are ignored.
   */
  readonly schema: z.ZodMiniType<LlamaConfig>;
  /**
   * Whether query, key and value linears have biases, and whether the output projection has one.
   */
  readonly biases: (config: LlamaConfig) => {
    readonly queryKeyValue?: boolean | undefined;
    readonly output?: boolean | undefined;
  };
  /** RMSNorm over each head of queries and keys, before rotation. */
  readonly normsHeads?: boolean;
  /** Embeddings times sqrt(D), and norms that scale by 1 + w. */
  readonly isGemma?: boolean;
  /** The activation of the gate; `hidden_act` if absent. */
  readonly activation?: (config: LlamaConfig) => Activation;
  /** RMSNorm also on the outputs of attention and feed-forward, before they are added. */
  readonly normsOutputs?: boolean;
  /** Which layers see `sliding_window` recent tokens only. */
  readonly slides?: (config: LlamaConfig, layer: number) => boolean;
  /** Own rotary positions of the family: of layers with a window, and of the others. */
  readonly ropes?: (
    config: LlamaConfig,
    source: string,
  ) => { readonly local: RopeParameters; readonly global: RopeParameters };
  /** The maps of queries, keys and values in one tensor, and those of gate and up. */
  readonly fused?: boolean;
  /** Rotary positions on a part of each head, where the configuration says so. */
  readonly rotatesPart?: boolean;
}

export const llama = llamaLike({
  family: 'llama',
  schema: z.object({
    ...llamaKeys,
    attention_bias: z._default(z.boolean(), false),
    mlp_bias: z._default(z.boolean(), false),
  }),
  biases: c => ({ queryKeyValue: c.attention_bias, output: c.attention_bias }),
});

/** A family like Llama. */
export function llamaLike(variant: Variant): (config: Readonly<Record<string, unknown>>, source: string) => Decoder {
  return (config, source) => build(variant, parseConfig(variant.schema, config, source), source);
}

function build(variant: Variant, c: LlamaConfig, source: string): Decoder {
  const heads = c.num_attention_heads;
  const keyValueHeads = c.num_key_value_heads ?? heads;
  const headDim = c.head_dim ?? c.hidden_size / heads;
  if (heads % keyValueHeads !== 0 || !Number.isInteger(headDim / 2)) {
    throw new UserError(
      `${source}: ${heads} heads of size ${headDim} and ${keyValueHeads} key/value heads do not fit together; the configuration is damaged`,
    );
  }
  const place = { headDim, context: c.max_position_embeddings, partial: variant.rotatesPart ?? false, source };
  const ropes = variant.ropes?.(c, source);
  const globalRope = readRope(ropes?.global ?? ropeParameters(c, source), place);
  const localRope = ropes === undefined ? globalRope : readRope(ropes.local, place);
  const longest = Math.min(globalRope.longest, localRope.longest);
  const rotated = 2 * globalRope.frequencies.length;
  const [D, F, V] = [c.hidden_size, c.intermediate_size, c.vocab_size];
  const { queryKeyValue = false, output = false } = variant.biases(c);
  const mlpBias = c.mlp_bias ?? false;
  const slides = Array.from({ length: c.num_hidden_layers }, (_, n) => variant.slides?.(c, n) ?? false);
  const window = c.sliding_window ?? undefined;
  if (slides.includes(true) && (window === undefined || c.use_sliding_window === false)) {
    throw new UserError(`${source}: layers have a window, but sliding_window is null or use_sliding_window is false`);
  }
  const tied = c.tie_word_embeddings;
  const activation = variant.activation?.(c) ?? c.hidden_act!;
  const [scoreCap, logitCap] = [c.attn_logit_softcapping, c.final_logit_softcapping];

  const [querySize, keySize] = [heads * headDim, keyValueHeads * headDim];
  const attentionMaps = (linear: (name: string, from: number, to: number, hasBias: boolean) => Linear) => {
    if (variant.fused) {
      const all = linear('self_attn.qkv_proj', D, querySize + 2 * keySize, queryKeyValue);
      const part = (row: number) =>
        row < querySize ? ('query' as const) : row < querySize + keySize ? ('key' as const) : ('value' as const);
      return {
        queryKeyValue: fused(all, [querySize, keySize, keySize]),
        projections: linearTensors(all).map(tensor => ({ ...tensor, fused: { axis: 0, part } })),
      };
    }
    const query = linear('self_attn.q_proj', D, querySize, queryKeyValue);
    const key = linear('self_attn.k_proj', D, keySize, queryKeyValue);
    const value = linear('self_attn.v_proj', D, keySize, queryKeyValue);
    return { queryKeyValue: apart(query, key, value), projections: [key, value].flatMap(linearTensors) };
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
      rope: slides[n] ? localRope : globalRope,
      attentionNorm: `${layer}.input_layernorm.weight`,
      ...attentionMaps(linear),
      queryNorm: `${layer}.self_attn.q_norm.weight`,
      keyNorm: `${layer}.self_attn.k_norm.weight`,
      output: linear('self_attn.o_proj', heads * headDim, D, output),
      feedForwardNorm: `${layer}.${variant.normsOutputs ? 'pre_feedforward_layernorm' : 'post_attention_layernorm'}.weight`,
      attentionOutputNorm: `${layer}.post_attention_layernorm.weight`,
      feedForwardOutputNorm: `${layer}.post_feedforward_layernorm.weight`,
      gateAndUp: variant.fused
        ? fused(linear('mlp.gate_up_proj', D, 2 * F, mlpBias), [F, F])
        : apart(linear('mlp.gate_proj', D, F, mlpBias), linear('mlp.up_proj', D, F, mlpBias)),
      down: linear('mlp.down_proj', F, D, mlpBias),
    };
  });
  const scales = (layer: (typeof layers)[number]) => [
    { name: layer.attentionNorm, shape: [D] },
    { name: layer.feedForwardNorm, shape: [D] },
    ...(variant.normsOutputs
      ? [layer.attentionOutputNorm, layer.feedForwardOutputNorm].map(name => ({ name, shape: [D] }))
      : []),
    ...(variant.normsHeads ? [layer.queryNorm, layer.keyNorm].map(name => ({ name, shape: [headDim] })) : []),
  ];
  const embedding = 'model.embed_tokens.weight';
  const head = tied ? embedding : 'lm_head.weight';

  const norm = (pass: Pass, x: Tensor, name: string) => {
    const scale = pass.tensor(name);
    return rmsNorm(x, variant.isGemma ? g.add(scale, constant(1)) : scale, c.rms_norm_eps);
  };

  return {
    family: variant.family,
    layers: c.num_hidden_layers,
    heads,
    keyValueHeads,
    headDim,
    hiddenSize: D,
    vocabulary: V,
    context: Math.min(c.max_position_embeddings, longest),
    ...(longest < Number.POSITIVE_INFINITY && { longest }),
    ...(scoreCap && { finishScores: (scores: Tensor) => softCap(scores, scoreCap) }),
    ...(slides.includes(true) && { window: (layer: number) => (slides[layer] ? window : undefined) }),
    projections: layers.map(({ projections }) => projections),
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
    stream: pass => {
      const normOutput = (x: Tensor, name: string) => (variant.normsOutputs ? norm(pass, x, name) : x);
      const normHeads = (x: Tensor, name: string) =>
        variant.normsHeads
          ? g.reshape(norm(pass, g.reshape(x, [x.shape[0]!, (x.shape[1] as number) / headDim, headDim]), name), x.shape)
          : x;
      const scale = (c.query_pre_attn_scalar ?? headDim) ** -0.5;
      // Where whole heads are rotated, the scale is part of the rotation.
      const whole = rotated === headDim;
      const turns = new Map(
        [...new Set(layers.map(({ rope }) => rope))].map((rope, i) => {
          const angles = rotation(pass, rope, i === 0 ? ROTARY : `${ROTARY}.${i}`);
          const turn = (x: Tensor, by: Rotation) => rotate(x, by, headDim, rotated);
          const scaled = scaledRotation(angles, scale);
          const query = (x: Tensor) => (whole ? turn(x, scaled) : g.mul(turn(x, angles), constant(scale)));
          return [rope, { query, key: (x: Tensor) => turn(x, angles) }];
        }),
      );
      const embedded = pass.embed(embedding);
      let x = variant.isGemma ? g.mul(embedded, constant(Math.sqrt(D))) : embedded;
      for (const [n, layer] of layers.entries()) {
        const maps = layer.queryKeyValue.apply(pass, norm(pass, x, layer.attentionNorm));
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
        const inner = norm(pass, x, layer.feedForwardNorm);
        pass.feedForward(n, { stream: x, read: inner });
        const [gate, up] = layer.gateAndUp.apply(pass, inner) as [Tensor, Tensor];
        const gated = g.mul(activate(activation, gate), up);
        x = pass.layerOutput(n, g.add(x, normOutput(apply(pass, layer.down, gated), layer.feedForwardOutputNorm)));
      }
      return x;
    },
    finalNorm: (pass, stream) => norm(pass, stream, 'model.norm.weight'),
    logits: (pass, hidden) => {
      const logits = unembed(pass, head, hidden);
      return logitCap ? softCap(logits, logitCap) : logits;
    },
  };
}

/** cap * tanh(x / cap): x near zero, never beyond the cap (Bello et al. 2016; Gemma 2). */
function softCap(x: Tensor, cap: number): Tensor {
  return g.mul(g.tanh(g.div(x, constant(cap))), constant(cap));
}
