/**
 * @file GPT-NeoX and Pythia (Black et al. 2022, Biderman et al. 2023): one projection of queries,
 * keys and values interleaved by head, rotary positions on a part of each head, attention and
 * feed-forward in parallel or in sequence, untied head.
 */
import * as z from 'zod/mini';
import { UserError } from '../../error.ts';
import * as g from '../../graph/operators/index.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { constant } from '../../graph/tensor.ts';
import type { Decoder, Pass } from '../decoder.ts';
import { activate, activationName } from '../layers/activation.ts';
import { interleavedByHead, splitByHead } from '../layers/interleaved.ts';
import { apply, type Linear, linearTensors, unembed } from '../layers/linear.ts';
import { layerNorm, layerNormTensors } from '../layers/norms.ts';
import { readRope } from '../layers/rope-frequencies.ts';
import { ropeKeys, ropeParameters } from '../layers/rope-parameters.ts';
import { rotate, rotation } from '../layers/rotary.ts';
import { divided, headCount, layerCount, parseConfig, positive, positiveInteger, size } from '../parse-config.ts';

// Theta and the rotated share have their own keys in this family.
const { rope_theta: _, partial_rotary_factor: __, ...ropes } = ropeKeys;

const schema = z.object({
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: layerCount,
  num_attention_heads: headCount,
  head_dim: z.optional(size),
  max_position_embeddings: z._default(positiveInteger, 2048),
  hidden_act: z._default(activationName, 'gelu'),
  layer_norm_eps: z._default(positive, 1e-5),
  use_parallel_residual: z._default(z.boolean(), true),
  attention_bias: z._default(z.boolean(), true),
  rotary_pct: z._default(positive.check(z.maximum(1)), 0.25),
  rotary_emb_base: z._default(positive, 10_000),
  tie_word_embeddings: z._default(z.boolean(), false),
  ...ropes,
});

export function gptNeoX(config: Readonly<Record<string, unknown>>, source: string): Decoder {
  const c = parseConfig(schema, config, source);
  const [D, F, V, H] = [c.hidden_size, c.intermediate_size, c.vocab_size, c.num_attention_heads];
  const headDim = divided(source, D, H);
  if (c.head_dim !== undefined && c.head_dim !== headDim) {
    throw new UserError(`${source}: head_dim ${c.head_dim} is not the size of its heads, ${headDim}`);
  }
  const parameters = ropeParameters(c, source, { theta: c.rotary_emb_base, share: c.rotary_pct });
  const rope = readRope(parameters, { headDim, context: c.max_position_embeddings, partial: true, source });
  const rotated = 2 * rope.frequencies.length;
  const prefix = 'gpt_neox';
  const head = c.tie_word_embeddings ? `${prefix}.embed_in.weight` : 'embed_out.weight';
  const layers = Array.from({ length: c.num_hidden_layers }, (_, n) => {
    const layer = `${prefix}.layers.${n}`;
    const linear = (name: string, from: number, to: number, bias: boolean): Linear => ({
      name: `${layer}.${name}`,
      in: from,
      out: to,
      bias,
    });
    return {
      attentionNorm: `${layer}.input_layernorm`,
      queryKeyValue: linear('attention.query_key_value', D, 3 * D, c.attention_bias),
      output: linear('attention.dense', D, D, c.attention_bias),
      feedForwardNorm: `${layer}.post_attention_layernorm`,
      inner: linear('mlp.dense_h_to_4h', D, F, true),
      outer: linear('mlp.dense_4h_to_h', F, D, true),
    };
  });
  const norm = (pass: Pass, name: string, x: Tensor) => layerNorm(pass, name, c.layer_norm_eps, x);
  return {
    family: 'gpt_neox',
    layers: c.num_hidden_layers,
    heads: H,
    keyValueHeads: H,
    headDim,
    hiddenSize: D,
    vocabulary: V,
    context: Math.min(c.max_position_embeddings, rope.longest),
    ...(rope.longest < Number.POSITIVE_INFINITY && { longest: rope.longest }),
    projections: layers.map(({ queryKeyValue }) => interleavedByHead(queryKeyValue, headDim)),
    tensors: [
      { name: `${prefix}.embed_in.weight`, shape: [V, D] },
      ...layers.flatMap(({ attentionNorm, feedForwardNorm, queryKeyValue, output, inner, outer }) => [
        ...layerNormTensors(attentionNorm, D),
        ...[queryKeyValue, output, inner, outer].flatMap(linearTensors),
        ...layerNormTensors(feedForwardNorm, D),
      ]),
      ...layerNormTensors(`${prefix}.final_layer_norm`, D),
      ...(c.tie_word_embeddings ? [] : [{ name: head, shape: [V, D] }]),
    ],
    stream: pass => {
      const angles = rotation(pass, rope);
      const turn = (x: Tensor) => rotate(x, angles, headDim, rotated);
      let x = pass.embed(`${prefix}.embed_in.weight`);
      for (const [n, layer] of layers.entries()) {
        const fused = apply(pass, layer.queryKeyValue, norm(pass, layer.attentionNorm, x));
        const { query, key, value } = splitByHead(fused, H, headDim);
        const attended = pass.attend(n, {
          query: g.mul(turn(query), constant(headDim ** -0.5)),
          key: turn(key),
          value,
        });
        const output = apply(pass, layer.output, attended);
        pass.attentionOutput(n, output);
        const between = g.add(x, output);
        const read = norm(pass, layer.feedForwardNorm, c.use_parallel_residual ? x : between);
        const inner = activate(c.hidden_act, apply(pass, layer.inner, read));
        x = pass.layerOutput(n, g.add(between, apply(pass, layer.outer, inner)));
      }
      return x;
    },
    finalNorm: (pass, stream) => norm(pass, `${prefix}.final_layer_norm`, stream),
    logits: (pass, hidden) => unembed(pass, head, hidden),
  };
}
