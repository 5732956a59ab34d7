/**
 * @file GPT-2 (Radford et al. 2019): learned positions, one fused projection of queries, keys and values stored [in, out], tanh
 * GELU, tied head.
 */
import { z } from 'zod';
import * as g from '../../graph/operators/index.ts';
import { constant, type Tensor } from '../../graph/tensor.ts';
import type { Decoder } from '../decoder.ts';
import { activate, activationName } from '../layers/activation.ts';
import { layerNorm, layerNormTensors } from '../layers/layer-norm.ts';
import { apply, type Linear, linearTensors, unembed } from '../layers/linear.ts';
import { addPositions, learnedPositions } from '../layers/positions.ts';
import { divided, parseConfig } from '../parse-config.ts';

const schema = z.object({
  vocab_size: z.int().positive(),
  n_positions: z.int().positive(),
  n_embd: z.int().positive(),
  n_layer: z.int().positive(),
  n_head: z.int().positive(),
  n_inner: z.int().positive().nullish(),
  activation_function: activationName.default('gelu_new'),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
});

export function gpt2(config: Readonly<Record<string, unknown>>, source: string): Decoder {
  const c = parseConfig(schema, config, source);
  const [D, V] = [c.n_embd, c.vocab_size];
  const F = c.n_inner ?? 4 * D;
  const headWidth = divided(source, D, c.n_head);
  const prefix = 'transformer';
  const layers = Array.from({ length: c.n_layer }, (_, n) => {
    const linear = (name: string, from: number, to: number): Linear => ({
      name: `${prefix}.h.${n}.${name}`,
      in: from,
      out: to,
      bias: true,
      inputFirst: true,
    });
    const byLayer = c.scale_attn_by_inverse_layer_idx ? 1 / (n + 1) : 1;
    return {
      attentionNorm: `${prefix}.h.${n}.ln_1`,
      queryKeyValue: linear('attn.c_attn', D, 3 * D),
      output: linear('attn.c_proj', D, D),
      feedForwardNorm: `${prefix}.h.${n}.ln_2`,
      inner: linear('mlp.c_fc', D, F),
      outer: linear('mlp.c_proj', F, D),
      scale: (c.scale_attn_weights ? headWidth ** -0.5 : 1) * byLayer,
    };
  });
  return {
    family: 'gpt2',
    layers: c.n_layer,
    heads: c.n_head,
    keyValueHeads: c.n_head,
    headWidth,
    width: D,
    vocabulary: V,
    context: c.n_positions,
    keyValue: layers.map(({ queryKeyValue }) =>
      linearTensors(queryKeyValue).map(tensor => ({
        ...tensor,
        changed: { axis: tensor.shape.length - 1, index: (i: number) => i >= D },
      })),
    ),
    tensors: [
      { name: `${prefix}.wte.weight`, shape: [V, D] },
      { name: `${prefix}.wpe.weight`, shape: [c.n_positions, D] },
      ...layers.flatMap(({ attentionNorm, feedForwardNorm, queryKeyValue, output, inner, outer }) => [
        ...layerNormTensors(attentionNorm, D),
        ...[queryKeyValue, output, inner, outer].flatMap(linearTensors),
        ...layerNormTensors(feedForwardNorm, D),
      ]),
      ...layerNormTensors(`${prefix}.ln_f`, D),
    ],
    hidden: pass => {
      const norm = (name: string, x: Tensor) => layerNorm(pass, name, c.layer_norm_epsilon, x);
      const embedded = g.gather(pass.tensor(`${prefix}.wte.weight`), pass.tokens);
      let x = addPositions(pass, embedded, learnedPositions(pass, `${prefix}.wpe.weight`));
      for (const [n, layer] of layers.entries()) {
        const fused = apply(pass, layer.queryKeyValue, norm(layer.attentionNorm, x));
        const [query, key, value] = g.split(fused, 1, [D, D, D]) as [Tensor, Tensor, Tensor];
        const attended = pass.attend(n, { query: g.multiply(query, constant(layer.scale)), key, value });
        const output = apply(pass, layer.output, attended);
        pass.attentionOutput(n, output);
        x = g.add(x, output);
        const inner = activate(c.activation_function, apply(pass, layer.inner, norm(layer.feedForwardNorm, x)));
        x = g.add(x, apply(pass, layer.outer, inner));
      }
      return norm(`${prefix}.ln_f`, x);
    },
    logits: (pass, hidden) => unembed(pass, `${prefix}.wte.weight`, hidden),
  };
}
