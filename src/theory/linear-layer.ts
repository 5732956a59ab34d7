/**
 * @file Chapter 1. A linear layer trained by gradient descent is a frozen layer plus linear
 * attention over its past inputs (Dai et al., eq. 7-9; method of Irie et al. 2022, arXiv
 * 2202.05798):
 *
 *     F(x) = (W_0 + dW) x,  dW = sum_i e_i x'_i^T               eq. 7, 8
 *          = W_0 x + sum_i e_i (x'_i^T x)                       eq. 9
 *          = W_0 x + LinearAttn(E, X', x)
 *
 * x'_i are the inputs of the past steps, e_i = -gamma dL_i/d(output) their error signals. With
 * momentum (eq. 14) the same holds, each step weighted by the sum of its momentum terms.
 */
import { type Check, checked } from './check.ts';
import { drawFrom } from './draw.ts';
import {
  dot,
  largestDifference,
  type Matrix,
  matrix,
  minus,
  outer,
  plus,
  product,
  scaled,
  scaledMatrix,
  stack,
  sum,
  times,
  type Vector,
} from './matrix.ts';

/**
 * A past step: the input of the layer, and e_i = -gamma times the gradient of the loss at its
 * output.
 */
export interface Step {
  readonly input: Vector;
  readonly error: Vector;
}

export interface Descent {
  /** Weights before the first step and after each. */
  readonly weights: readonly Matrix[];
  readonly steps: readonly Step[];
}

/** dL_i/d(output) at the output of example i. */
export type OutputGradient = (output: Vector, example: number) => Vector;

/** LinearAttn(V, K, q) = sum_i v_i (k_i^T q) */
export function linearAttention(values: readonly Vector[], keys: readonly Vector[], query: Vector): Vector {
  const zero = new Float64Array(values[0]?.length ?? 0);
  return values.reduce((attended, value, i) => plus(attended, value, dot(keys[i]!, query)), zero);
}

/** Gradient descent, one step on each input in order: W_i = W_(i-1) + e_i x'_i^T. */
export function descend(
  initial: Matrix,
  inputs: readonly Vector[],
  gradient: OutputGradient,
  learningRate: number,
): Descent {
  const weights = [initial];
  const steps: Step[] = [];
  for (const [i, input] of inputs.entries()) {
    const current = weights[i]!;
    const error = scaled(gradient(times(current, input), i), -learningRate);
    steps.push({ input, error });
    weights.push(sum(current, outer(error, input)));
  }
  return { weights, steps };
}

/**
 * Gradient descent with momentum by its recurrence. The paper's sum (eq. 14) is
 *
 *     W_t = W_(t-1) - gamma sum_(i<t) eta^(t-i) grad_i,
 *
 * grad_i the gradient at W_i; hence W_1 = W_0, and M_t = eta (M_(t-1) + e_(t-1) x'_(t-1)^T), W_t =
 * W_(t-1) + M_t.
 *
 * @returns the weights W_0, ..., W_(n+1) of n inputs, and their steps
 */
export function descendWithMomentum(
  initial: Matrix,
  inputs: readonly Vector[],
  gradient: OutputGradient,
  learningRate: number,
  eta: number,
): Descent {
  const weights = [initial, initial];
  const steps: Step[] = [];
  let push = matrix(initial.rows, initial.columns);
  for (const [i, input] of inputs.entries()) {
    const current = weights[i + 1]!;
    const error = scaled(gradient(times(current, input), i), -learningRate);
    steps.push({ input, error });
    push = scaledMatrix(sum(push, outer(error, input)), eta);
    weights.push(sum(current, push));
  }
  return { weights, steps };
}

/** W_t from W_(t-1) and all steps before t (counted from 1), by the sum of eq. 14. */
export function momentumSum(previous: Matrix, steps: readonly Step[], t: number, eta: number): Matrix {
  return steps
    .slice(0, t - 1)
    .reduce((weights, { input, error }, i) => sum(weights, outer(error, input), eta ** (t - (i + 1))), previous);
}

/**
 * The weight of each of `count` steps in W_t with t = count + 1: sum_(s=i+1..t) eta^(s-i) = eta (1
 * - eta^(t-i)) / (1 - eta).
 */
export function momentumWeights(eta: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => (eta * (1 - eta ** (count - i))) / (1 - eta));
}

/**
 * The dual form: W_0 x + LinearAttn(E, X', x); with momentum, error signals scaled by `weights`.
 */
export function dualForm(initial: Matrix, steps: readonly Step[], x: Vector, weights?: readonly number[]): Vector {
  const errors = steps.map(({ error }, i) => scaled(error, weights?.[i] ?? 1));
  const keys = steps.map(({ input }) => input);
  return plus(
    times(initial, x),
    steps.length === 0 ? new Float64Array(initial.rows) : linearAttention(errors, keys, x),
  );
}

/**
 * EMA(V) of momentum attention (eq. 15) at every token: m_t = sum_(i<t) eta^(t-i) v_i, by its
 * recurrence m_1 = 0, m_t = eta (m_(t-1) + v_(t-1)).
 */
export function valueMomentum(values: readonly Vector[], eta: number): readonly Vector[] {
  const width = values[0]?.length ?? 0;
  const momenta: Vector[] = [];
  for (let t = 0; t < values.length; t++) {
    momenta.push(t === 0 ? new Float64Array(width) : scaled(plus(momenta[t - 1]!, values[t - 1]!), eta));
  }
  return momenta;
}

/** The same as one product with the values: D V with D[t, i] = eta^(t-i) for i < t, else 0. */
export function decayMatrix(tokens: number, eta: number): Matrix {
  return matrix(tokens, tokens, (t, i) => (i < t ? eta ** (t - i) : 0));
}

/**
 * A layer [4, 6] that learns another one from 60 inputs, by squared error. eta is not 1/2, for
 * which eta / (1 - eta) = 1 and 1 - eta = eta could hide a wrong formula.
 */
export function linearLayerExample(seed: number) {
  const draw = drawFrom(seed, 1);
  const teacher = draw.matrix(4, 6);
  const initial = draw.matrix(4, 6, 0.3);
  const inputs = draw.vectors(60, 6);
  const gradient: OutputGradient = (output, i) => minus(output, times(teacher, inputs[i]!));
  return { teacher, initial, inputs, gradient, query: draw.vector(6), learningRate: 0.1, eta: 0.6 };
}

export function checkLinearLayer(seed: number): readonly Check[] {
  const { initial, inputs, gradient, query, learningRate, eta } = linearLayerExample(seed);
  const plain = descend(initial, inputs, gradient, learningRate);
  const pushed = descendWithMomentum(initial, inputs, gradient, learningRate, eta);
  const everyStep = (descent: Descent, dual: (count: number) => Vector, first: number) =>
    Math.max(...descent.steps.map((_, i) => largestDifference(times(descent.weights[i + first]!, query), dual(i + 1))));
  const { vectors } = drawFrom(seed, 1, 1);
  const values = vectors(50, 5);
  const recurrence = valueMomentum(values, eta);
  return [
    checked(
      'trained layer = frozen layer + linear attention, after every step (eq. 7-9)',
      everyStep(plain, count => dualForm(initial, plain.steps.slice(0, count), query), 1),
    ),
    checked(
      'weights with momentum: sum = recurrence (eq. 14)',
      Math.max(
        ...pushed.weights
          .slice(1)
          .map((W, t) => largestDifference(W.data, momentumSum(pushed.weights[t]!, pushed.steps, t + 1, eta).data)),
      ),
    ),
    checked(
      'with momentum: trained layer = frozen layer + linear attention with weighted error signals',
      everyStep(
        pushed,
        count => dualForm(initial, pushed.steps.slice(0, count), query, momentumWeights(eta, count)),
        2,
      ),
    ),
    checked(
      'momentum attention: sum as a product with the decay matrix = recurrence (eq. 15)',
      largestDifference(stack(recurrence).data, product(decayMatrix(values.length, eta), stack(values)).data),
    ),
  ];
}
