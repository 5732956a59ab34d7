/**
 * @file Linear regression in context (Garg et al. 2022, arXiv:2208.01066, section 3): every
 * sequence has a linear function of its own, and the model predicts each answer from the examples
 * before it.
 */
import { fillNormal, type RandomStream } from '../../statistics/random.ts';
import { ridge } from './ridge.ts';

export interface LinearRegression {
  /** d */
  readonly dimensions: number;
  /**
   * n: each sequence holds n + 1 inputs, so that there is an answer to predict after n examples.
   */
  readonly examples: number;
  /** Standard deviation of the noise of each answer; 0 in Garg et al. */
  readonly noise: number;
}

/** x_1 ... x_(n+1) and their answers. */
export interface RegressionSequence {
  /** [n + 1, d] */
  readonly inputs: readonly Float64Array[];
  /** [n + 1] */
  readonly answers: Float64Array;
}

/** w ~ N(0, I), x_i ~ N(0, I), y_i = w.x_i + noise N(0, 1). */
export function drawRegression(
  stream: RandomStream,
  { dimensions, examples, noise }: LinearRegression,
): RegressionSequence {
  const normal = (n: number) => fillNormal(stream, new Float64Array(n));
  const weights = normal(dimensions);
  const inputs = Array.from({ length: examples + 1 }, () => normal(dimensions));
  const errors = normal(examples + 1);
  return { inputs, answers: errors.map((error, i) => dot(weights, inputs[i]!) + noise * error) };
}

/** Predicts y_(i+1) from x_(i+1) and the i examples before it. */
export type RegressionPredictor = (examples: RegressionSequence, query: Float64Array) => number;

/**
 * Ridge regression with the penalty `noise`^2, which is the posterior mean and therefore optimal;
 * without noise the least-squares solution, of least norm where there are fewer examples than
 * dimensions.
 */
export function leastSquares(noise: number): RegressionPredictor {
  return ({ inputs, answers }, query) => dot(ridge(inputs, answers, noise ** 2), query);
}

/**
 * One step of gradient descent from w = 0 on the i examples, w = sum_j y_j x_j / (i + d + 1): the
 * step with the least expected squared error (Garg et al. call it averaging, with 1 / i).
 */
export const oneGradientStep: RegressionPredictor = ({ inputs, answers }, query) => {
  const sum = inputs.reduce((total, input, j) => total + answers[j]! * dot(input, query), 0);
  return sum / (inputs.length + query.length + 1);
};

/**
 * Squared error after 0 ... n examples, divided by d: 1 is what predicting 0 gets on average,
 * without noise.
 */
export function regressionErrors(sequence: RegressionSequence, predict: RegressionPredictor): Float64Array {
  const { inputs, answers } = sequence;
  return answers.map((answer, i) => {
    const before = { inputs: inputs.slice(0, i), answers: answers.slice(0, i) };
    return (predict(before, inputs[i]!) - answer) ** 2 / inputs[i]!.length;
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}
