/**
 * @file GPT-J (Wang and Komatsuzaki 2021): rotary positions on interleaved pairs of a part of each
 * head, no biases in the attention.
 */
import * as z from 'zod/mini';
import { UserError } from '../../error.ts';
import type { Decoder } from '../decoder.ts';
import { activationName } from '../layers/activation.ts';
import type { Linear } from '../layers/linear.ts';
import { readRope } from '../layers/rope-frequencies.ts';
import { ropeParameters } from '../layers/rope-parameters.ts';
import { divided, headCount, layerCount, parseConfig, positive, positiveInteger, size } from '../parse-config.ts';
import { parallelDecoder } from './parallel.ts';

const schema = z.object({
  vocab_size: size,
  n_positions: z._default(positiveInteger, 2048),
  n_embd: size,
  n_layer: layerCount,
  n_head: headCount,
  n_inner: z.nullish(size),
  rotary_dim: z._default(size, 64),
  activation_function: z._default(activationName, 'gelu_new'),
  layer_norm_epsilon: z._default(positive, 1e-5),
  tie_word_embeddings: z._default(z.boolean(), false),
});

/** Aliases of the keys in transformers. */
const aliases = {
  max_position_embeddings: 'n_positions',
  hidden_size: 'n_embd',
  num_attention_heads: 'n_head',
  num_hidden_layers: 'n_layer',
};

export function gptj(config: Readonly<Record<string, unknown>>, source: string): Decoder {
  const c = parseConfig(schema, config, source, aliases);
  const [D, V] = [c.n_embd, c.vocab_size];
  const F = c.n_inner ?? 4 * D;
  const headDim = divided(source, D, c.n_head);
  const rotated = c.rotary_dim;
  if (rotated > headDim) {
    throw new UserError(`${source}: ${rotated} rotated components of heads of size ${headDim}`);
  }
  // The pairs of a head are those of its rotated part.
  const place = { headDim: rotated, context: c.n_positions, partial: false, source };
  return parallelDecoder({
    family: 'gptj',
    sizes: {
      layers: c.n_layer,
      heads: c.n_head,
      keyValueHeads: c.n_head,
      headDim,
      hiddenSize: D,
      vocabulary: V,
      context: c.n_positions,
    },
    embedding: 'transformer.wte.weight',
    finalNorm: 'transformer.ln_f',
    tied: c.tie_word_embeddings,
    activation: c.activation_function,
    epsilon: c.layer_norm_epsilon,
    rope: readRope(ropeParameters({}, source), place),
    interleaved: true,
    layer: Array.from({ length: c.n_layer }, (_, n) => {
      const linear = (name: string, from: number, to: number, bias: boolean): Linear => ({
        name: `transformer.h.${n}.${name}`,
        in: from,
        out: to,
        bias,
      });
      return {
        norm: `transformer.h.${n}.ln_1`,
        query: linear('attn.q_proj', D, D, false),
        key: linear('attn.k_proj', D, D, false),
        value: linear('attn.v_proj', D, D, false),
        output: linear('attn.out_proj', D, D, false),
        inner: linear('mlp.fc_in', D, F, true),
        outer: linear('mlp.fc_out', F, D, true),
      };
    }),
  });
}
