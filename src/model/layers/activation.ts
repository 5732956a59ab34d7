import { z } from 'zod';
import * as g from '../../graph/operators/index.ts';
import { constant, type Tensor } from '../../graph/tensor.ts';

/** x Phi(x) = x (1 + erf(x / sqrt 2)) / 2 (Hendrycks and Gimpel 2016). */
function gelu(x: Tensor): Tensor {
  const doubled = g.add(g.errorFunction(g.divide(x, constant(Math.SQRT2))), constant(1));
  return g.multiply(g.multiply(x, doubled), constant(0.5));
}

/** The approximation of GPT-2: x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. */
function geluTanh(x: Tensor): Tensor {
  const cube = g.multiply(g.multiply(x, x), x);
  const inner = g.multiply(g.add(x, g.multiply(cube, constant(0.044715))), constant(Math.sqrt(2 / Math.PI)));
  return g.multiply(g.multiply(x, g.add(g.hyperbolicTangent(inner), constant(1))), constant(0.5));
}

/** x sigmoid(x) */
function silu(x: Tensor): Tensor {
  return g.multiply(x, g.sigmoid(x));
}

const activations = {
  gelu,
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  gelu_fast: geluTanh,
  relu: g.rectify,
  silu,
  swish: silu,
} as const;

export type Activation = keyof typeof activations;

/** The names of activations as configurations write them. */
export const activationName = z.enum(Object.keys(activations) as [Activation, ...Activation[]]);

/** The activation of a configuration, element by element. */
export function activate(name: Activation, x: Tensor): Tensor {
  return activations[name](x);
}
