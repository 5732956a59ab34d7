import * as z from 'zod/mini';
import * as g from '../../graph/operators/index.ts';
import type { Tensor } from '../../graph/tensor.ts';

const geluTanh = (x: Tensor) => g.gelu(x, { tanh: true });

/** x sigmoid(x) */
function silu(x: Tensor): Tensor {
  return g.mul(x, g.sigmoid(x));
}

const activations = {
  gelu: (x: Tensor) => g.gelu(x),
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  gelu_fast: geluTanh,
  relu: g.relu,
  silu,
  swish: silu,
} as const;

export type Activation = keyof typeof activations;

/** Names of activations in configurations. */
export const activationName = z.enum(Object.keys(activations) as [Activation, ...Activation[]]);

/** The activation of a configuration, elementwise. */
export function activate(name: Activation, x: Tensor): Tensor {
  return activations[name](x);
}
