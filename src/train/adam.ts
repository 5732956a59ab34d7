/**
 * @file Adam (Kingma and Ba 2015) as a graph over all parameters at once. With the gradient g of step t, clipped to a norm c,
 *
 *     g <- g min(1, c / (|g| + 1e-6)),   m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2,
 *     p <- p - rate m / (sqrt(v) + epsilon_t),   rate = lr sqrt(1 - b2^t) / (1 - b1^t),   epsilon_t = epsilon sqrt(1 - b2^t),
 *
 * which is torch.optim.Adam after torch.nn.utils.clip_grad_norm_, with the corrections of the moments moved into two numbers.
 */
import * as g from '../graph/operators/index.ts';
import { constant, input, type Tensor } from '../graph/tensor.ts';
import type { Parameter } from './problem.ts';

export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Largest norm of the gradient of all parameters together; absent for no limit. */
  readonly clipNorm?: number;
}

/** Those of the paper (Dai et al., Table 10). */
export const PAPER_ADAM: AdamSettings = { beta1: 0.9, beta2: 0.98, epsilon: 1e-6, clipNorm: 2 };

export const adamNames = {
  gradient: (name: string) => `gradient.${name}`,
  first: (name: string) => `first.${name}`,
  second: (name: string) => `second.${name}`,
  updated: (name: string) => `updated.${name}`,
  rate: 'rate',
  epsilon: 'epsilon',
  norm: 'gradient_norm',
} as const;

/** The two numbers that change from step to step, t counted from 1. */
export function adamNumbers(
  { beta1, beta2, epsilon }: AdamSettings,
  learningRate: number,
  t: number,
): { readonly rate: number; readonly epsilon: number } {
  const correction = Math.sqrt(1 - beta2 ** t);
  return { rate: (learningRate * correction) / (1 - beta1 ** t), epsilon: epsilon * correction };
}

/**
 * Inputs: each parameter, its gradient and moments; rate and epsilon [1]. Outputs: `updated.` parameter and moments, and the
 * norm of the gradient before clipping [].
 */
export function adamGraph(
  parameters: readonly Parameter[],
  { beta1, beta2, clipNorm }: AdamSettings,
): Readonly<Record<string, Tensor>> {
  const tensors = parameters.map(({ name, shape }) => ({
    name,
    p: input(name, 'float32', shape),
    g: input(adamNames.gradient(name), 'float32', shape),
    m: input(adamNames.first(name), 'float32', shape),
    v: input(adamNames.second(name), 'float32', shape),
  }));
  const squares = tensors.map(({ g: gradient }) => g.multiply(gradient, gradient));
  const sums = squares.map(square => g.reduceSum(square, [...square.shape.keys()]));
  const norm = g.squareRoot(sums.reduce(g.add));
  const kept =
    clipNorm === undefined ? constant(1) : atMostOne(g.divide(constant(clipNorm), g.add(norm, constant(1e-6))));
  const ofGradient = g.multiply(kept, constant(1 - beta1));
  const ofSquare = g.multiply(g.multiply(kept, kept), constant(1 - beta2));
  const rate = input(adamNames.rate, 'float32', [1]);
  const epsilon = input(adamNames.epsilon, 'float32', [1]);
  const outputs = tensors.flatMap(({ name, p, g: gradient, m, v }, i) => {
    const first = g.add(g.multiply(m, constant(beta1)), g.multiply(gradient, ofGradient));
    const second = g.add(g.multiply(v, constant(beta2)), g.multiply(squares[i]!, ofSquare));
    const step = g.divide(g.multiply(first, rate), g.add(g.squareRoot(second), epsilon));
    return [
      [adamNames.updated(name), g.subtract(p, step)],
      [adamNames.updated(adamNames.first(name)), first],
      [adamNames.updated(adamNames.second(name)), second],
    ] as const;
  });
  return { ...Object.fromEntries(outputs), [adamNames.norm]: norm };
}

/** min(x, 1) */
function atMostOne(x: Tensor): Tensor {
  return g.subtract(constant(1), g.rectify(g.subtract(constant(1), x)));
}
