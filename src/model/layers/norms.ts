import * as g from '../../graph/operators/index.ts';
import { constant, type Tensor } from '../../graph/tensor.ts';
import type { Pass, TensorSpec } from '../decoder.ts';

/** A layer norm of the checkpoint: `name`.weight and `name`.bias. */
export function layerNormTensors(name: string, hiddenSize: number): readonly TensorSpec[] {
  return [
    { name: `${name}.weight`, shape: [hiddenSize] },
    { name: `${name}.bias`, shape: [hiddenSize] },
  ];
}

/** (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis (Ba et al. 2016). */
export function layerNorm(pass: Pass, name: string, epsilon: number, x: Tensor): Tensor {
  return g.layerNorm(x, pass.tensor(`${name}.weight`), pass.tensor(`${name}.bias`), epsilon);
}

/**
 * x / sqrt(mean(x^2) + epsilon) * scale over the last axis (Zhang and Sennrich 2019).
 *
 * @param scale [D]
 */
export function rmsNorm(x: Tensor, scale: Tensor, epsilon: number): Tensor {
  const meanSquare = g.reduceMean(g.mul(x, x));
  return g.mul(g.div(x, g.sqrt(g.add(meanSquare, constant(epsilon)))), scale);
}
