import * as g from '../../graph/operators/index.ts';
import { constant, type Tensor } from '../../graph/tensor.ts';
import type { Pass, TensorSpec } from '../decoder.ts';

/** A layer norm of the checkpoint: `name`.weight and `name`.bias. */
export function layerNormTensors(name: string, width: number): readonly TensorSpec[] {
  return [
    { name: `${name}.weight`, shape: [width] },
    { name: `${name}.bias`, shape: [width] },
  ];
}

/** (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis (Ba et al. 2016). */
export function layerNorm(pass: Pass, name: string, epsilon: number, x: Tensor): Tensor {
  const centred = g.subtract(x, g.reduceMean(x));
  const variance = g.reduceMean(g.multiply(centred, centred));
  const normed = g.divide(centred, g.squareRoot(g.add(variance, constant(epsilon))));
  return g.add(g.multiply(normed, pass.tensor(`${name}.weight`)), pass.tensor(`${name}.bias`));
}
