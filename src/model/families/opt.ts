/**
 * @file OPT (Zhang et al. 2022): learned positions with offset 2, ReLU, norms before attention and
 * feed-forward; the 350M model has them after, and a smaller token embedding with linear maps to
 * and from the hidden size.
 */
import * as z from 'zod/mini';
import * as g from '../../graph/operators/index.ts';
import { constant, type Tensor } from '../../graph/tensor.ts';
import type { Decoder, Pass } from '../decoder.ts';
import { activate, activationName } from '../layers/activation.ts';
import { apply, type Linear, linearsOf, linearTensors, unembed } from '../layers/linear.ts';
import { layerNorm, layerNormTensors } from '../layers/norms.ts';
import { learnedPositions } from '../layers/positions.ts';
import { divided, headCount, layerCount, parseConfig, positiveInteger, size } from '../parse-config.ts';

const schema = z.object({
  vocab_size: size,
  hidden_size: size,
  ffn_dim: size,
  num_hidden_layers: layerCount,
  num_attention_heads: headCount,
  max_position_embeddings: z._default(positiveInteger, 2048),
  word_embed_proj_dim: z.nullish(size),
  activation_function: z._default(activationName, 'relu'),
  do_layer_norm_before: z._default(z.boolean(), true),
  enable_bias: z._default(z.boolean(), true),
  layer_norm_elementwise_affine: z._default(z.literal(true), true),
  _remove_final_layer_norm: z._default(z.boolean(), false),
  tie_word_embeddings: z._default(z.boolean(), true),
});

const OFFSET = 2;
const EPSILON = 1e-5;

export function opt(config: Readonly<Record<string, unknown>>, source: string): Decoder {
  const c = parseConfig(schema, config, source);
  const [D, F, V] = [c.hidden_size, c.ffn_dim, c.vocab_size];
  const E = c.word_embed_proj_dim ?? D;
  const headDim = divided(source, D, c.num_attention_heads);
  const prefix = 'model.decoder';
  const before = c.do_layer_norm_before;
  const finalNorm = before && !c._remove_final_layer_norm;
  const layers = Array.from({ length: c.num_hidden_layers }, (_, n) => {
    const layer = `${prefix}.layers.${n}`;
    const linear = linearsOf(layer, { bias: c.enable_bias });
    return {
      attentionNorm: `${layer}.self_attn_layer_norm`,
      query: linear('self_attn.q_proj', D, D),
      key: linear('self_attn.k_proj', D, D),
      value: linear('self_attn.v_proj', D, D),
      output: linear('self_attn.out_proj', D, D),
      feedForwardNorm: `${layer}.final_layer_norm`,
      inner: linear('fc1', D, F),
      outer: linear('fc2', F, D),
    };
  });
  const embedding = `${prefix}.embed_tokens.weight`;
  const head = c.tie_word_embeddings ? embedding : 'lm_head.weight';
  const narrow = E !== D;
  const projectIn: Linear = { name: `${prefix}.project_in`, in: E, out: D, bias: false };
  const projectOut: Linear = { name: `${prefix}.project_out`, in: D, out: E, bias: false };
  const norm = (pass: Pass, name: string, x: Tensor) => layerNorm(pass, name, EPSILON, x);
  return {
    family: 'opt',
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    keyValueHeads: c.num_attention_heads,
    headDim,
    hiddenSize: D,
    vocabulary: V,
    context: c.max_position_embeddings,
    projections: layers.map(({ key, value }) => [key, value].flatMap(linearTensors)),
    tensors: [
      { name: embedding, shape: [V, E] },
      { name: `${prefix}.embed_positions.weight`, shape: [c.max_position_embeddings + OFFSET, D] },
      ...(narrow ? [projectIn, projectOut].flatMap(linearTensors) : []),
      ...layers.flatMap(({ attentionNorm, feedForwardNorm, query, key, value, output, inner, outer }) => [
        ...layerNormTensors(attentionNorm, D),
        ...[query, key, value, output, inner, outer].flatMap(linearTensors),
        ...layerNormTensors(feedForwardNorm, D),
      ]),
      ...(finalNorm ? layerNormTensors(`${prefix}.final_layer_norm`, D) : []),
      ...(c.tie_word_embeddings ? [] : [{ name: head, shape: [V, E] }]),
    ],
    stream: pass => {
      const embedded = pass.embed(embedding);
      const wide = narrow ? apply(pass, projectIn, embedded) : embedded;
      let x = g.add(wide, learnedPositions(pass, `${prefix}.embed_positions.weight`, OFFSET));
      for (const [n, layer] of layers.entries()) {
        const read = before ? norm(pass, layer.attentionNorm, x) : x;
        const attended = pass.attend(n, {
          query: g.mul(apply(pass, layer.query, read), constant(headDim ** -0.5)),
          key: apply(pass, layer.key, read),
          value: apply(pass, layer.value, read),
        });
        const output = apply(pass, layer.output, attended);
        pass.attentionOutput(n, output);
        x = g.add(x, output);
        if (!before) x = norm(pass, layer.attentionNorm, x);
        const inner = apply(pass, layer.inner, before ? norm(pass, layer.feedForwardNorm, x) : x);
        x = g.add(x, apply(pass, layer.outer, activate(c.activation_function, inner)));
        x = pass.layerOutput(n, before ? x : norm(pass, layer.feedForwardNorm, x));
      }
      return x;
    },
    finalNorm: (pass, stream) => {
      const normed = finalNorm ? norm(pass, `${prefix}.final_layer_norm`, stream) : stream;
      return narrow ? apply(pass, projectOut, normed) : normed;
    },
    logits: (pass, hidden) => unembed(pass, head, hidden),
  };
}
