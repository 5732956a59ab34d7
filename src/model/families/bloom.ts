/**
 * @file BLOOM (BigScience 2022): no position embedding but ALiBi, one projection of queries, keys and values interleaved by head,
 * a layer norm after the embedding, tanh GELU, tied head.
 */
import { z } from 'zod';
import * as g from '../../graph/operators/index.ts';
import { constant, type Tensor } from '../../graph/tensor.ts';
import type { Decoder } from '../decoder.ts';
import { activate } from '../layers/activation.ts';
import { addAlibi, alibiSlopes } from '../layers/alibi.ts';
import { interleavedByHead, splitByHead } from '../layers/interleaved.ts';
import { layerNorm, layerNormTensors } from '../layers/layer-norm.ts';
import { apply, type Linear, linearTensors, unembed } from '../layers/linear.ts';
import { divided, parseConfig } from '../parse-config.ts';

const schema = z.object({
  vocab_size: z.int().positive(),
  hidden_size: z.int().positive(),
  n_layer: z.int().positive(),
  n_head: z.int().positive(),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  apply_residual_connection_post_layernorm: z.boolean().default(false),
  seq_length: z.int().positive().default(2048),
});

export function bloom(config: Readonly<Record<string, unknown>>, source: string): Decoder {
  const c = parseConfig(schema, config, source);
  const [D, V, H] = [c.hidden_size, c.vocab_size, c.n_head];
  const headWidth = divided(source, D, H);
  const slopes = alibiSlopes(H);
  const embedding = 'transformer.word_embeddings.weight';
  const layers = Array.from({ length: c.n_layer }, (_, n) => {
    const layer = `transformer.h.${n}`;
    const linear = (name: string, from: number, to: number): Linear => ({
      name: `${layer}.${name}`,
      in: from,
      out: to,
      bias: true,
    });
    return {
      attentionNorm: `${layer}.input_layernorm`,
      queryKeyValue: linear('self_attention.query_key_value', D, 3 * D),
      output: linear('self_attention.dense', D, D),
      feedForwardNorm: `${layer}.post_attention_layernorm`,
      inner: linear('mlp.dense_h_to_4h', D, 4 * D),
      outer: linear('mlp.dense_4h_to_h', 4 * D, D),
    };
  });
  return {
    family: 'bloom',
    layers: c.n_layer,
    heads: H,
    keyValueHeads: H,
    headWidth,
    width: D,
    vocabulary: V,
    context: c.seq_length,
    finishScores: (scores, keyPositions) => addAlibi(scores, keyPositions, slopes),
    keyValue: layers.map(({ queryKeyValue }) => interleavedByHead(queryKeyValue, headWidth)),
    tensors: [
      { name: embedding, shape: [V, D] },
      ...layerNormTensors('transformer.word_embeddings_layernorm', D),
      ...layers.flatMap(({ attentionNorm, feedForwardNorm, queryKeyValue, output, inner, outer }) => [
        ...layerNormTensors(attentionNorm, D),
        ...[queryKeyValue, output, inner, outer].flatMap(linearTensors),
        ...layerNormTensors(feedForwardNorm, D),
      ]),
      ...layerNormTensors('transformer.ln_f', D),
    ],
    hidden: pass => {
      const norm = (name: string, x: Tensor) => layerNorm(pass, name, c.layer_norm_epsilon, x);
      let x = norm('transformer.word_embeddings_layernorm', g.gather(pass.tensor(embedding), pass.tokens));
      for (const [n, layer] of layers.entries()) {
        const read = norm(layer.attentionNorm, x);
        const { query, key, value } = splitByHead(apply(pass, layer.queryKeyValue, read), H, headWidth);
        const attended = pass.attend(n, { query: g.multiply(query, constant(headWidth ** -0.5)), key, value });
        const output = apply(pass, layer.output, attended);
        pass.attentionOutput(n, output);
        const between = g.add(c.apply_residual_connection_post_layernorm ? read : x, output);
        const normed = norm(layer.feedForwardNorm, between);
        const inner = activate('gelu_new', apply(pass, layer.inner, normed));
        x = g.add(c.apply_residual_connection_post_layernorm ? normed : between, apply(pass, layer.outer, inner));
      }
      return norm('transformer.ln_f', x);
    },
    logits: (pass, hidden) => unembed(pass, embedding, hidden),
  };
}
