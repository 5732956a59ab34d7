/**
 * @file What GPT-J and Phi share: attention and feed-forward in parallel after one layer norm,
 * rotary positions on a part of each head, logits with a bias.
 */
import * as g from '../../graph/operators/index.ts';
import { constant, type Tensor } from '../../graph/tensor.ts';
import type { Decoder, Pass, Sizes } from '../decoder.ts';
import { type Activation, activate } from '../layers/activation.ts';
import { apply, type Linear, linearTensors, unembed } from '../layers/linear.ts';
import { layerNorm, layerNormTensors } from '../layers/norms.ts';
import type { Rope } from '../layers/rope-frequencies.ts';
import { rotate, rotateInterleaved, rotation } from '../layers/rotary.ts';

export interface ParallelLayer {
  readonly norm: string;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly inner: Linear;
  readonly outer: Linear;
}

export interface ParallelDecoder {
  readonly family: string;
  readonly sizes: Sizes;
  readonly embedding: string;
  readonly finalNorm: string;
  /**
   * Whether the matrix of the logits is the token embedding. Their bias is a tensor in any case.
   */
  readonly tied: boolean;
  readonly layer: readonly ParallelLayer[];
  readonly activation: Activation;
  readonly epsilon: number;
  readonly rope: Rope;
  /**
   * Whether a rotated pair is two neighbours, or one component of each half of the rotated part.
   */
  readonly interleaved: boolean;
}

export function parallelDecoder(model: ParallelDecoder): Decoder {
  const { sizes, layer: layers, rope } = model;
  const { hiddenSize: D, headDim, vocabulary: V } = sizes;
  const head = model.tied ? model.embedding : 'lm_head.weight';
  const headBias = 'lm_head.bias';
  const turn = model.interleaved ? rotateInterleaved : rotate;
  const norm = (pass: Pass, name: string, x: Tensor) => layerNorm(pass, name, model.epsilon, x);
  return {
    ...sizes,
    context: Math.min(sizes.context, rope.longest),
    ...(rope.longest < Number.POSITIVE_INFINITY && { longest: rope.longest }),
    family: model.family,
    projections: layers.map(({ key, value }) => [key, value].flatMap(linearTensors)),
    tensors: [
      { name: model.embedding, shape: [V, D] },
      ...layers.flatMap(({ norm, query, key, value, output, inner, outer }) => [
        ...layerNormTensors(norm, D),
        ...[query, key, value, output, inner, outer].flatMap(linearTensors),
      ]),
      ...layerNormTensors(model.finalNorm, D),
      ...(model.tied ? [] : [{ name: head, shape: [V, D] }]),
      { name: headBias, shape: [V] },
    ],
    stream: pass => {
      const angles = rotation(pass, rope);
      const turned = (x: Tensor) => turn(x, angles, headDim, 2 * rope.frequencies.length);
      let x = pass.embed(model.embedding);
      for (const [n, layer] of layers.entries()) {
        const read = norm(pass, layer.norm, x);
        const attended = pass.attend(n, {
          query: g.mul(turned(apply(pass, layer.query, read)), constant(headDim ** -0.5)),
          key: turned(apply(pass, layer.key, read)),
          value: apply(pass, layer.value, read),
        });
        const output = apply(pass, layer.output, attended);
        pass.attentionOutput(n, output);
        const inner = activate(model.activation, apply(pass, layer.inner, read));
        x = pass.layerOutput(n, g.add(g.add(x, output), apply(pass, layer.outer, inner)));
      }
      return x;
    },
    finalNorm: (pass, stream) => norm(pass, model.finalNorm, stream),
    logits: (pass, hidden) => g.add(unembed(pass, head, hidden), pass.tensor(headBias)),
  };
}
