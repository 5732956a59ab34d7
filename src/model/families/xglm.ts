/**
 * @file fairseq's dense GPT models, which Hugging Face calls XGLM: sinusoidal positions, scaled
 * embeddings, layer norms before attention and feed-forward and after the last layer, biases
 * everywhere, a head that is tied by default (Artetxe et al. 2021; the models of Dai et al.).
 */
import * as z from 'zod/mini';
import * as g from '../../graph/operators/index.ts';
import { constant } from '../../graph/tensor.ts';
import type { Decoder } from '../decoder.ts';
import { activationName } from '../layers/activation.ts';
import { linearsOf, linearTensors } from '../layers/linear.ts';
import { sinusoidalPositions } from '../layers/positions.ts';
import { divided, headCount, layerCount, parseConfig, positiveInteger, size } from '../parse-config.ts';
import { preNormDecoder, readApart } from './pre-norm.ts';

/** Epsilon of every layer norm; no key changes it. */
const EPSILON = 1e-5;

const schema = z.object({
  vocab_size: size,
  d_model: size,
  ffn_dim: size,
  num_layers: layerCount,
  attention_heads: z._default(headCount, 16),
  max_position_embeddings: z._default(positiveInteger, 2048),
  activation_function: z._default(activationName, 'gelu'),
  scale_embedding: z._default(z.boolean(), true),
  // transformers sets the row of another padding token in the table of sinusoids to 0.
  pad_token_id: z.nullish(z.union([z.literal(0), z.literal(1)])),
  add_cross_attention: z._default(z.literal(false), false),
  tie_word_embeddings: z._default(z.boolean(), true),
});

/** Aliases of the keys in transformers. */
const aliases = { num_attention_heads: 'attention_heads', hidden_size: 'd_model', num_hidden_layers: 'num_layers' };

/** As Hugging Face names the tensors. */
export const xglm = (config: Readonly<Record<string, unknown>>, source: string): Decoder =>
  build(config, source, { family: 'xglm', prefix: 'model', head: 'lm_head.weight' });

/** As fairseq names them in its own `model.pt`. */
export const fairseqGpt = (config: Readonly<Record<string, unknown>>, source: string): Decoder =>
  build(config, source, { family: 'fairseq_gpt', prefix: 'decoder', head: 'decoder.output_projection.weight' });

function build(
  config: Readonly<Record<string, unknown>>,
  source: string,
  { family, prefix, head }: { readonly family: string; readonly prefix: string; readonly head: string },
): Decoder {
  const c = parseConfig(schema, config, source, aliases);
  const [D, F, V] = [c.d_model, c.ffn_dim, c.vocab_size];
  const headDim = divided(source, D, c.attention_heads);
  const embedding = `${prefix}.embed_tokens.weight`;
  const layers = Array.from({ length: c.num_layers }, (_, n) => {
    const layer = `${prefix}.layers.${n}`;
    const linear = linearsOf(layer, { bias: true });
    const [key, value] = [linear('self_attn.k_proj', D, D), linear('self_attn.v_proj', D, D)];
    return {
      key,
      value,
      attentionNorm: `${layer}.self_attn_layer_norm`,
      ...readApart(linear('self_attn.q_proj', D, D), key, value),
      scale: headDim ** -0.5,
      output: linear('self_attn.out_proj', D, D),
      feedForwardNorm: `${layer}.final_layer_norm`,
      inner: linear('fc1', D, F),
      outer: linear('fc2', F, D),
    };
  });
  return preNormDecoder({
    family,
    sizes: {
      layers: c.num_layers,
      heads: c.attention_heads,
      keyValueHeads: c.attention_heads,
      headDim,
      hiddenSize: D,
      vocabulary: V,
      context: c.max_position_embeddings,
    },
    embedding,
    head: c.tie_word_embeddings ? embedding : head,
    embed: (pass, embedded) => {
      const scaled = c.scale_embedding ? g.mul(embedded, constant(Math.sqrt(D))) : embedded;
      return g.add(scaled, sinusoidalPositions(pass, D));
    },
    layers,
    projections: layers.map(({ key, value }) => [key, value].flatMap(linearTensors)),
    finalNorm: `${prefix}.layer_norm`,
    activation: c.activation_function,
    epsilon: EPSILON,
  });
}
