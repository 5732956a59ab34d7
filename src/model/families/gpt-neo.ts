/**
 * @file GPT-Neo (Black et al. 2021): unscaled attention scores, global layers alternating with local ones that see a window of
 * recent tokens, learned positions, tied head.
 */
import { z } from 'zod';
import { UserError } from '../../error.ts';
import * as g from '../../graph/operators/index.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Decoder } from '../decoder.ts';
import { activate, activationName } from '../layers/activation.ts';
import { layerNorm, layerNormTensors } from '../layers/layer-norm.ts';
import { apply, type Linear, linearTensors, unembed } from '../layers/linear.ts';
import { addPositions, learnedPositions } from '../layers/positions.ts';
import { divided, parseConfig } from '../parse-config.ts';

const kind = z.enum(['global', 'local']);
const schema = z.object({
  vocab_size: z.int().positive(),
  max_position_embeddings: z.int().positive(),
  hidden_size: z.int().positive(),
  num_layers: z.int().positive(),
  num_heads: z.int().positive(),
  intermediate_size: z.int().positive().nullish(),
  attention_types: z.array(z.tuple([z.array(kind), z.int().nonnegative()])),
  window_size: z.int().positive(),
  activation_function: activationName.default('gelu_new'),
  layer_norm_epsilon: z.number().positive().default(1e-5),
});

export function gptNeo(config: Readonly<Record<string, unknown>>, source: string): Decoder {
  const c = parseConfig(schema, config, source);
  const [D, V] = [c.hidden_size, c.vocab_size];
  const F = c.intermediate_size ?? 4 * D;
  const headWidth = divided(source, D, c.num_heads);
  const kinds = c.attention_types.flatMap(([pattern, times]) => Array(times).fill(pattern).flat());
  if (kinds.length !== c.num_layers) {
    throw new UserError(`${source}: attention_types tells ${kinds.length} layers, num_layers ${c.num_layers}`);
  }
  const prefix = 'transformer';
  const layers = Array.from({ length: c.num_layers }, (_, n) => {
    const layer = `${prefix}.h.${n}`;
    const linear = (name: string, from: number, to: number, bias: boolean): Linear => ({
      name: `${layer}.${name}`,
      in: from,
      out: to,
      bias,
    });
    return {
      attentionNorm: `${layer}.ln_1`,
      query: linear('attn.attention.q_proj', D, D, false),
      key: linear('attn.attention.k_proj', D, D, false),
      value: linear('attn.attention.v_proj', D, D, false),
      output: linear('attn.attention.out_proj', D, D, true),
      feedForwardNorm: `${layer}.ln_2`,
      inner: linear('mlp.c_fc', D, F, true),
      outer: linear('mlp.c_proj', F, D, true),
    };
  });
  return {
    family: 'gpt_neo',
    layers: c.num_layers,
    heads: c.num_heads,
    keyValueHeads: c.num_heads,
    headWidth,
    width: D,
    vocabulary: V,
    context: c.max_position_embeddings,
    window: layer => (kinds[layer] === 'local' ? c.window_size : undefined),
    keyValue: layers.map(({ key, value }) => [key, value].flatMap(linearTensors)),
    tensors: [
      { name: `${prefix}.wte.weight`, shape: [V, D] },
      { name: `${prefix}.wpe.weight`, shape: [c.max_position_embeddings, D] },
      ...layers.flatMap(({ attentionNorm, feedForwardNorm, query, key, value, output, inner, outer }) => [
        ...layerNormTensors(attentionNorm, D),
        ...[query, key, value, output, inner, outer].flatMap(linearTensors),
        ...layerNormTensors(feedForwardNorm, D),
      ]),
      ...layerNormTensors(`${prefix}.ln_f`, D),
    ],
    hidden: pass => {
      const norm = (name: string, x: Tensor) => layerNorm(pass, name, c.layer_norm_epsilon, x);
      const embedded = g.gather(pass.tensor(`${prefix}.wte.weight`), pass.tokens);
      let x = addPositions(pass, embedded, learnedPositions(pass, `${prefix}.wpe.weight`));
      for (const [n, layer] of layers.entries()) {
        const normed = norm(layer.attentionNorm, x);
        const attended = pass.attend(n, {
          query: apply(pass, layer.query, normed),
          key: apply(pass, layer.key, normed),
          value: apply(pass, layer.value, normed),
        });
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
