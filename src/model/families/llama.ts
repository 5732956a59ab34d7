/**
 * @file The Llama family: RMSNorm before attention and feed-forward, rotary positions, grouped key/value heads, SwiGLU
 * (Touvron et al. 2023). Biases of the attention and a tied head as the configuration says.
 */
import { z } from 'zod';
import { UserError } from '../../error.ts';
import * as g from '../../graph/operators/index.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Decoder, Pass, TensorSpec } from '../decoder.ts';
import { linear } from '../layers/linear.ts';
import { rmsNorm } from '../layers/rms-norm.ts';
import { ropeFrequencies, ropeSchema } from '../layers/rope-frequencies.ts';
import { rotate, rotation, scaledRotation } from '../layers/rotary.ts';
import { parseConfig } from '../parse-config.ts';

const schema = z
  .object({
    hidden_size: z.int().positive(),
    intermediate_size: z.int().positive(),
    num_hidden_layers: z.int().positive(),
    num_attention_heads: z.int().positive(),
    num_key_value_heads: z.int().positive().nullish(),
    head_dim: z.int().positive().nullish(),
    vocab_size: z.int().positive(),
    max_position_embeddings: z.int().positive().default(2048),
    rms_norm_eps: z.number().positive().default(1e-6),
    hidden_act: z.literal('silu').default('silu'),
    tie_word_embeddings: z.boolean().default(false),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
  })
  .and(ropeSchema);

export function llama(config: Readonly<Record<string, unknown>>, source: string): Decoder {
  const c = parseConfig(schema, config, source);
  const heads = c.num_attention_heads;
  const keyValueHeads = c.num_key_value_heads ?? heads;
  const headWidth = c.head_dim ?? c.hidden_size / heads;
  if (heads % keyValueHeads !== 0) {
    throw new UserError(
      `${source}: ${heads} heads cannot share ${keyValueHeads} key/value heads; the configuration is damaged`,
    );
  }
  const frequencies = ropeFrequencies(c, headWidth, source);
  const [D, F, V] = [c.hidden_size, c.intermediate_size, c.vocab_size];
  const [queryWidth, keyValueWidth] = [heads * headWidth, keyValueHeads * headWidth];

  const projection = (name: string, shape: readonly [number, number], bias: boolean): readonly TensorSpec[] => [
    { name: `${name}.weight`, shape },
    ...(bias ? [{ name: `${name}.bias`, shape: [shape[0]] }] : []),
  ];
  const layers = Array.from({ length: c.num_hidden_layers }, (_, n) => {
    const layer = `model.layers.${n}`;
    const kv = (['k_proj', 'v_proj'] as const).flatMap(name =>
      projection(`${layer}.self_attn.${name}`, [keyValueWidth, D], c.attention_bias),
    );
    const others = [
      { name: `${layer}.input_layernorm.weight`, shape: [D] },
      ...projection(`${layer}.self_attn.q_proj`, [queryWidth, D], c.attention_bias),
      ...projection(`${layer}.self_attn.o_proj`, [D, queryWidth], c.attention_bias),
      { name: `${layer}.post_attention_layernorm.weight`, shape: [D] },
      ...projection(`${layer}.mlp.gate_proj`, [F, D], c.mlp_bias),
      ...projection(`${layer}.mlp.up_proj`, [F, D], c.mlp_bias),
      ...projection(`${layer}.mlp.down_proj`, [D, F], c.mlp_bias),
    ];
    return { kv, others };
  });
  const head = c.tie_word_embeddings ? 'model.embed_tokens.weight' : 'lm_head.weight';

  return {
    family: 'llama',
    layers: c.num_hidden_layers,
    heads,
    keyValueHeads,
    headWidth,
    width: D,
    vocabulary: V,
    context: c.max_position_embeddings,
    keyValue: layers.map(({ kv }) => kv),
    tensors: [
      { name: 'model.embed_tokens.weight', shape: [V, D] },
      ...layers.flatMap(({ kv, others }) => [...kv, ...others]),
      { name: 'model.norm.weight', shape: [D] },
      ...(c.tie_word_embeddings ? [] : [{ name: head, shape: [V, D] }]),
    ],
    hidden: pass => {
      const project = (x: Tensor, name: string, bias: boolean) =>
        linear(x, pass.tensor(`${name}.weight`), bias ? pass.tensor(`${name}.bias`) : undefined);
      const angles = rotation(pass.positions, frequencies);
      const scaled = scaledRotation(angles, headWidth ** -0.5);
      let x = g.gather(pass.tensor('model.embed_tokens.weight'), pass.tokens);
      for (let n = 0; n < c.num_hidden_layers; n++) {
        const layer = `model.layers.${n}`;
        const normed = rmsNorm(x, pass.tensor(`${layer}.input_layernorm.weight`), c.rms_norm_eps);
        const read = (name: string) => project(normed, `${layer}.self_attn.${name}`, c.attention_bias);
        const attended = pass.attend(n, {
          query: rotate(read('q_proj'), scaled, pass.batch, headWidth),
          key: rotate(read('k_proj'), angles, pass.batch, headWidth),
          value: read('v_proj'),
        });
        const output = project(attended, `${layer}.self_attn.o_proj`, c.attention_bias);
        pass.attentionOutput(n, output);
        x = g.add(x, output);
        const inner = rmsNorm(x, pass.tensor(`${layer}.post_attention_layernorm.weight`), c.rms_norm_eps);
        const gate = project(inner, `${layer}.mlp.gate_proj`, c.mlp_bias);
        const up = project(inner, `${layer}.mlp.up_proj`, c.mlp_bias);
        const gated = g.multiply(g.multiply(gate, g.sigmoid(gate)), up);
        x = g.add(x, project(gated, `${layer}.mlp.down_proj`, c.mlp_bias));
      }
      return rmsNorm(x, pass.tensor('model.norm.weight'), c.rms_norm_eps);
    },
    logits: (pass: Pass, hidden: Tensor) => linear(hidden, pass.tensor(head)),
  };
}
