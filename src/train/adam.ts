/**
 * @file Adam (Kingma and Ba 2015) as a graph. With the gradient g of step t, clipped to a norm c,
 *
 *     g <- g min(1, c / (|g| + 1e-6)),   m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2,
 *     p <- p - rate m / (sqrt(v) + epsilon_t),
 *     rate = lr sqrt(1 - b2^t) / (1 - b1^t),   epsilon_t = epsilon sqrt(1 - b2^t),
 *
 * which is torch.optim.Adam after torch.nn.utils.clip_grad_norm_, with the bias corrections moved
 * into two numbers. |g| is the norm over all parameters and comes with the gradients.
 */
import * as g from '../graph/operators/index.ts';
import { constant, input, type Tensor } from '../graph/tensor.ts';
import { numbers } from '../model/feeds.ts';
import type { Feeds, Parameter } from './objective.ts';

export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Largest norm of the gradient of all parameters together; no limit if absent. */
  readonly clipNorm?: number;
}

/** Those of the paper (Dai et al., Table 10). */
export const PAPER_ADAM: AdamSettings = { beta1: 0.9, beta2: 0.98, epsilon: 1e-6, clipNorm: 2 };

export const adamNames = {
  gradient: (name: string) => `gradient.${name}`,
  first: (name: string) => `first.${name}`,
  second: (name: string) => `second.${name}`,
  updated: (name: string) => `updated.${name}`,
  /** Factors of gradients and of their squares. */
  ofGradient: 'of_gradient',
  ofSquare: 'of_square',
  rate: 'rate',
  epsilon: 'epsilon',
} as const;

/** The numbers [1] that change from step to step, t counted from 1, for a gradient of a norm. */
export function adamNumbers(
  { beta1, beta2, epsilon, clipNorm = Number.POSITIVE_INFINITY }: AdamSettings,
  learningRate: number,
  t: number,
  norm: number,
): Feeds {
  const correction = Math.sqrt(1 - beta2 ** t);
  const kept = Math.min(1, clipNorm / (norm + 1e-6));
  return {
    [adamNames.ofGradient]: numbers([1], [(1 - beta1) * kept]),
    [adamNames.ofSquare]: numbers([1], [(1 - beta2) * kept ** 2]),
    [adamNames.rate]: numbers([1], [(learningRate * correction) / (1 - beta1 ** t)]),
    [adamNames.epsilon]: numbers([1], [epsilon * correction]),
  };
}

/**
 * Inputs: each parameter, its gradient and moments; the four numbers. Outputs: `updated.` parameter
 * and moments.
 */
export function adamGraph(
  parameters: readonly Parameter[],
  { beta1, beta2 }: AdamSettings,
): Readonly<Record<string, Tensor>> {
  const [ofGradient, ofSquare, rate, epsilon] = (['ofGradient', 'ofSquare', 'rate', 'epsilon'] as const).map(number =>
    input(adamNames[number], 'float32', [1]),
  ) as [Tensor, Tensor, Tensor, Tensor];
  return Object.fromEntries(
    parameters.flatMap(({ name, shape }) => {
      const tensor = (named: string) => input(named, 'float32', shape);
      const [p, gradient] = [tensor(name), tensor(adamNames.gradient(name))];
      const [m, v] = [tensor(adamNames.first(name)), tensor(adamNames.second(name))];
      const first = g.add(g.mul(m, constant(beta1)), g.mul(gradient, ofGradient));
      const second = g.add(g.mul(v, constant(beta2)), g.mul(g.mul(gradient, gradient), ofSquare));
      const step = g.div(g.mul(first, rate), g.add(g.sqrt(second), epsilon));
      return [
        [adamNames.updated(name), g.sub(p, step)],
        [adamNames.updated(adamNames.first(name)), first],
        [adamNames.updated(adamNames.second(name)), second],
      ] as const;
    }),
  );
}
