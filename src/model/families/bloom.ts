/**
 * @file BLOOM (BigScience 2022): no position embedding but ALiBi, one projection of queries, keys
 * and values interleaved by head, a layer norm after the embedding, tanh GELU, a head that is tied
 * by default.
 */
import * as z from 'zod/mini';
import type { Tensor } from '../../graph/tensor.ts';
import type { Decoder, Pass } from '../decoder.ts';
import { addAlibi, alibiSlopes } from '../layers/alibi.ts';
import { interleavedByHead, splitByHead } from '../layers/interleaved.ts';
import { apply, linearsOf } from '../layers/linear.ts';
import { layerNorm, layerNormTensors } from '../layers/norms.ts';
import { divided, headCount, layerCount, parseConfig, positive, positiveInteger, size } from '../parse-config.ts';
import { preNormDecoder } from './pre-norm.ts';

const schema = z.object({
  vocab_size: size,
  hidden_size: z._default(size, 64),
  n_layer: z._default(layerCount, 2),
  n_head: z._default(headCount, 8),
  layer_norm_epsilon: z._default(positive, 1e-5),
  apply_residual_connection_post_layernorm: z._default(z.literal(false), false),
  seq_length: z._default(positiveInteger, 2048),
  tie_word_embeddings: z._default(z.boolean(), true),
});

/** `n_embed` is the key of the published models; the other two are aliases in transformers. */
function aliases(config: Readonly<Record<string, unknown>>) {
  const names = { num_attention_heads: 'n_head', num_hidden_layers: 'n_layer' };
  return config.n_embed == null ? names : { ...names, n_embed: 'hidden_size' };
}

export function bloom(config: Readonly<Record<string, unknown>>, source: string): Decoder {
  const c = parseConfig(schema, config, source, aliases(config));
  const [D, V, H] = [c.hidden_size, c.vocab_size, c.n_head];
  const headDim = divided(source, D, H);
  const slopes = alibiSlopes(H);
  const embedding = 'transformer.word_embeddings.weight';
  const embeddingNorm = 'transformer.word_embeddings_layernorm';
  const layers = Array.from({ length: c.n_layer }, (_, n) => {
    const layer = `transformer.h.${n}`;
    const linear = linearsOf(layer, { bias: true });
    const queryKeyValue = linear('self_attention.query_key_value', D, 3 * D);
    return {
      queryKeyValue,
      attentionNorm: `${layer}.input_layernorm`,
      linears: [queryKeyValue],
      read: (pass: Pass, normed: Tensor) => splitByHead(apply(pass, queryKeyValue, normed), H, headDim),
      scale: headDim ** -0.5,
      output: linear('self_attention.dense', D, D),
      feedForwardNorm: `${layer}.post_attention_layernorm`,
      inner: linear('mlp.dense_h_to_4h', D, 4 * D),
      outer: linear('mlp.dense_4h_to_h', 4 * D, D),
    };
  });
  return preNormDecoder({
    family: 'bloom',
    sizes: {
      layers: c.n_layer,
      heads: H,
      keyValueHeads: H,
      headDim,
      hiddenSize: D,
      vocabulary: V,
      context: c.seq_length,
    },
    finishScores: (scores, keyPositions) => addAlibi(scores, keyPositions, slopes),
    embedding,
    head: c.tie_word_embeddings ? embedding : 'lm_head.weight',
    positionTensors: layerNormTensors(embeddingNorm, D),
    embed: (pass, embedded) => layerNorm(pass, embeddingNorm, c.layer_norm_epsilon, embedded),
    layers,
    projections: layers.map(({ queryKeyValue }) => interleavedByHead(queryKeyValue, headDim)),
    finalNorm: 'transformer.ln_f',
    activation: 'gelu_new',
    epsilon: c.layer_norm_epsilon,
  });
}
