/**
 * @file Phi 1, 1.5 and 2 (Gunasekar et al. 2023): attention and feed-forward in parallel, biases
 * everywhere.
 */
import * as z from 'zod/mini';
import type { Decoder } from '../decoder.ts';
import { activationName } from '../layers/activation.ts';
import type { Linear } from '../layers/linear.ts';
import { readRope } from '../layers/rope-frequencies.ts';
import { ropeKeys, ropeParameters } from '../layers/rope-parameters.ts';
import { divided, headCount, layerCount, parseConfig, positive, positiveInteger, size } from '../parse-config.ts';
import { parallelDecoder } from './parallel.ts';

const schema = z.object({
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: layerCount,
  num_attention_heads: headCount,
  num_key_value_heads: z.nullish(headCount),
  head_dim: z.optional(size),
  max_position_embeddings: z._default(positiveInteger, 2048),
  hidden_act: z._default(activationName, 'gelu_new'),
  layer_norm_eps: z._default(positive, 1e-5),
  qk_layernorm: z._default(z.literal(false), false),
  tie_word_embeddings: z._default(z.boolean(), false),
  ...ropeKeys,
  partial_rotary_factor: z._default(positive.check(z.maximum(1)), 0.5),
});

export function phi(config: Readonly<Record<string, unknown>>, source: string): Decoder {
  const c = parseConfig(schema, config, source);
  const [D, F, V, H] = [c.hidden_size, c.intermediate_size, c.vocab_size, c.num_attention_heads];
  const headDim = c.head_dim ?? divided(source, D, H);
  const keyValueHeads = c.num_key_value_heads ?? H;
  const place = { headDim, context: c.max_position_embeddings, partial: true, source };
  return parallelDecoder({
    family: 'phi',
    sizes: {
      layers: c.num_hidden_layers,
      heads: H,
      keyValueHeads,
      headDim,
      hiddenSize: D,
      vocabulary: V,
      context: c.max_position_embeddings,
    },
    embedding: 'model.embed_tokens.weight',
    finalNorm: 'model.final_layernorm',
    tied: c.tie_word_embeddings,
    activation: c.hidden_act,
    epsilon: c.layer_norm_eps,
    rope: readRope(ropeParameters(c, source), place),
    interleaved: false,
    layer: Array.from({ length: c.num_hidden_layers }, (_, n) => {
      const linear = (name: string, from: number, to: number): Linear => ({
        name: `model.layers.${n}.${name}`,
        in: from,
        out: to,
        bias: true,
      });
      return {
        norm: `model.layers.${n}.input_layernorm`,
        query: linear('self_attn.q_proj', D, H * headDim),
        key: linear('self_attn.k_proj', D, keyValueHeads * headDim),
        value: linear('self_attn.v_proj', D, keyValueHeads * headDim),
        output: linear('self_attn.dense', H * headDim, D),
        inner: linear('mlp.fc1', D, F),
        outer: linear('mlp.fc2', F, D),
      };
    }),
  });
}
