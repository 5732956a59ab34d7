/**
 * @file What fairseq's GPT, GPT-2, GPT-Neo and BLOOM share: in each layer a layer norm, attention
 * and its output projection, then a layer norm and a feed-forward of two maps, both added to their
 * input; a last norm; logits by the token embedding, or by a head.
 */
import * as g from '../../graph/operators/index.ts';
import { constant, type Tensor } from '../../graph/tensor.ts';
import type { Decoder, Pass, ProjectionSpec, QueryKeyValue, Sizes, TensorSpec } from '../decoder.ts';
import { type Activation, activate } from '../layers/activation.ts';
import { apply, type Linear, linearTensors, unembed } from '../layers/linear.ts';
import { layerNorm, layerNormTensors } from '../layers/norms.ts';

export interface PreNormLayer {
  readonly attentionNorm: string;
  /** The linear maps of `read`. */
  readonly linears: readonly Linear[];
  /** Normed hidden state [N, D] -> queries, not yet scaled, keys and values. */
  readonly read: (pass: Pass, normed: Tensor) => QueryKeyValue;
  /** Factor of the queries. */
  readonly scale: number;
  readonly output: Linear;
  readonly feedForwardNorm: string;
  readonly inner: Linear;
  readonly outer: Linear;
}

export interface PreNormDecoder {
  readonly family: string;
  readonly sizes: Sizes;
  /** Token embedding [V, D]. */
  readonly embedding: string;
  /** The matrix of the logits [V, D]: the token embedding where the head is tied to it. */
  readonly head: string;
  /** Further tensors of the embedding. */
  readonly positionTensors?: readonly TensorSpec[];
  /** Embedded tokens [N, D] -> what the first layer reads. */
  readonly embed: (pass: Pass, embedded: Tensor) => Tensor;
  readonly layers: readonly PreNormLayer[];
  readonly projections: readonly (readonly ProjectionSpec[])[];
  readonly finalNorm: string;
  readonly activation: Activation;
  readonly epsilon: number;
  readonly window?: Decoder['window'];
  readonly finishScores?: Decoder['finishScores'];
}

/** Queries, keys and values by three linear maps. */
export function readApart(query: Linear, key: Linear, value: Linear): Pick<PreNormLayer, 'linears' | 'read'> {
  return {
    linears: [query, key, value],
    read: (pass, normed) => ({
      query: apply(pass, query, normed),
      key: apply(pass, key, normed),
      value: apply(pass, value, normed),
    }),
  };
}

export function preNormDecoder(model: PreNormDecoder): Decoder {
  const { sizes, layers, embedding, head, finalNorm, window, finishScores } = model;
  const { hiddenSize: D, vocabulary: V } = sizes;
  const norm = (pass: Pass, name: string, x: Tensor) => layerNorm(pass, name, model.epsilon, x);
  return {
    ...sizes,
    family: model.family,
    ...(window && { window }),
    ...(finishScores && { finishScores }),
    projections: model.projections,
    feedForward: layers.map(({ inner }) => [inner]),
    tensors: [
      { name: embedding, shape: [V, D] },
      ...(model.positionTensors ?? []),
      ...layers.flatMap(({ attentionNorm, feedForwardNorm, linears, output, inner, outer }) => [
        ...layerNormTensors(attentionNorm, D),
        ...[...linears, output, inner, outer].flatMap(linearTensors),
        ...layerNormTensors(feedForwardNorm, D),
      ]),
      ...layerNormTensors(finalNorm, D),
      ...(head === embedding ? [] : [{ name: head, shape: [V, D] }]),
    ],
    stream: pass => {
      let x = model.embed(pass, pass.embed(embedding));
      for (const [n, layer] of layers.entries()) {
        const { query, key, value } = layer.read(pass, norm(pass, layer.attentionNorm, x));
        const scaled = layer.scale === 1 ? query : g.mul(query, constant(layer.scale));
        const output = apply(pass, layer.output, pass.attend(n, { query: scaled, key, value }));
        pass.attentionOutput(n, output);
        x = g.add(x, output);
        const read = norm(pass, layer.feedForwardNorm, x);
        pass.feedForward(n, { stream: x, read });
        const inner = activate(model.activation, apply(pass, layer.inner, read));
        x = pass.layerOutput(n, g.add(x, apply(pass, layer.outer, inner)));
      }
      return x;
    },
    finalNorm: (pass, stream) => norm(pass, finalNorm, stream),
    logits: (pass, hidden) => unembed(pass, head, hidden),
  };
}
