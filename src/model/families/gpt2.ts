/**
 * @file GPT-2 (Radford et al. 2019): learned positions, one fused projection of queries, keys and
 * values stored [in, out], tanh GELU, a head that is tied by default.
 */
import * as z from 'zod/mini';
import * as g from '../../graph/operators/index.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Decoder, Pass } from '../decoder.ts';
import { activationName } from '../layers/activation.ts';
import { apply, linearsOf, linearTensors } from '../layers/linear.ts';
import { learnedPositions } from '../layers/positions.ts';
import { divided, headCount, layerCount, parseConfig, positive, positiveInteger, size } from '../parse-config.ts';
import { preNormDecoder } from './pre-norm.ts';

const schema = z.object({
  vocab_size: size,
  n_positions: z._default(positiveInteger, 1024),
  n_embd: size,
  n_layer: layerCount,
  n_head: headCount,
  n_inner: z.nullish(size),
  activation_function: z._default(activationName, 'gelu_new'),
  layer_norm_epsilon: z._default(positive, 1e-5),
  scale_attn_weights: z._default(z.boolean(), true),
  scale_attn_by_inverse_layer_idx: z._default(z.boolean(), false),
  add_cross_attention: z._default(z.literal(false), false),
  tie_word_embeddings: z._default(z.boolean(), true),
});

/** Aliases of the keys in transformers. */
const aliases = {
  max_position_embeddings: 'n_positions',
  hidden_size: 'n_embd',
  num_attention_heads: 'n_head',
  num_hidden_layers: 'n_layer',
};

export function gpt2(config: Readonly<Record<string, unknown>>, source: string): Decoder {
  const c = parseConfig(schema, config, source, aliases);
  const [D, V] = [c.n_embd, c.vocab_size];
  const F = c.n_inner ?? 4 * D;
  const headDim = divided(source, D, c.n_head);
  const embedding = 'transformer.wte.weight';
  const positions = 'transformer.wpe.weight';
  const layers = Array.from({ length: c.n_layer }, (_, n) => {
    const layer = `transformer.h.${n}`;
    const linear = linearsOf(layer, { bias: true, inputFirst: true });
    const queryKeyValue = linear('attn.c_attn', D, 3 * D);
    const byLayer = c.scale_attn_by_inverse_layer_idx ? 1 / (n + 1) : 1;
    return {
      attentionNorm: `${layer}.ln_1`,
      linears: [queryKeyValue],
      read: (pass: Pass, normed: Tensor) => {
        const parts = g.split(apply(pass, queryKeyValue, normed), 1, [D, D, D]);
        const [query, key, value] = parts as [Tensor, Tensor, Tensor];
        return { query, key, value };
      },
      scale: (c.scale_attn_weights ? headDim ** -0.5 : 1) * byLayer,
      output: linear('attn.c_proj', D, D),
      feedForwardNorm: `${layer}.ln_2`,
      inner: linear('mlp.c_fc', D, F),
      outer: linear('mlp.c_proj', F, D),
    };
  });
  return preNormDecoder({
    family: 'gpt2',
    sizes: {
      layers: c.n_layer,
      heads: c.n_head,
      keyValueHeads: c.n_head,
      headDim,
      hiddenSize: D,
      vocabulary: V,
      context: c.n_positions,
    },
    embedding,
    head: c.tie_word_embeddings ? embedding : 'lm_head.weight',
    positionTensors: [{ name: positions, shape: [c.n_positions, D] }],
    embed: (pass, embedded) => g.add(embedded, learnedPositions(pass, positions)),
    layers,
    projections: layers.map(({ linears }) =>
      // Columns of the fused projection: queries first.
      linears.flatMap(linearTensors).map(tensor => ({
        ...tensor,
        fused: {
          axis: tensor.shape.length - 1,
          part: column => (column < D ? 'query' : column < 2 * D ? 'key' : 'value'),
        },
      })),
    ),
    finalNorm: 'transformer.ln_f',
    activation: c.activation_function,
    epsilon: c.layer_norm_epsilon,
  });
}
