/**
 * @file Chapter 3. A layer of linear self-attention that is one step of gradient descent on linear
 * regression in its context (von Oswald et al. 2022, arXiv 2212.07677, proposition 1). Tokens are
 * e_j = (x_j, y_j), the last one the query with y = 0. A layer computes
 *
 *     e_j <- e_j + P sum_i (W_V e_i) (W_K e_i)^T W_Q e_j,      i over the n examples
 *
 * and with W_K = W_Q = diag(1, ..., 1, 0), W_V = diag(0, ..., 0, -1), P = rate / n it subtracts
 * from every y_j its prediction after one gradient step from W = 0 on L(W) = 1/2n sum_i (W x_i -
 * y_i)^2: y_j <- y_j - dW x_j. So the next layer takes the next step on the residuals, and the
 * prediction is minus the last y.
 */
import { type Check, checked } from './check.ts';
import { drawFrom } from './draw.ts';
import { linearAttention } from './linear-layer.ts';
import {
  dot,
  identity,
  largestDifference,
  type Matrix,
  matrix,
  minus,
  plus,
  product,
  scaled,
  stack,
  sum,
  times,
  timesTransposed,
  transposed,
  type Vector,
} from './matrix.ts';

/** A regression to be learned in context. */
export interface RegressionTask {
  readonly inputs: readonly Vector[];
  readonly answers: readonly number[];
  readonly query: Vector;
  readonly answer: number;
}

/**
 * A layer given by its products, on which alone it depends: scores e_i^T `scores` e_j = (W_K e_i)^T
 * W_Q e_j, values `values` e_i = P W_V e_i. [d+1, d+1] each.
 */
export interface LinearAttentionLayer {
  readonly scores: Matrix;
  readonly values: Matrix;
}

/**
 * Inputs uniform on [-1, 1]^d, weights standard normal, no noise (von Oswald et al., section 3).
 */
export function drawRegression(width: number, examples: number, ...path: readonly number[]): RegressionTask {
  const draw = drawFrom(...path);
  const teacher = draw.vector(width);
  const inputs = Array.from({ length: examples }, () => draw.uniform(width, -1, 1));
  const query = draw.uniform(width, -1, 1);
  return { inputs, answers: inputs.map(x => dot(teacher, x)), query, answer: dot(teacher, query) };
}

/**
 * The constructed layer. With `curvature` c > 0 it also moves the inputs, x_j <- x_j - c/n sum_i
 * x_i (x_i^T x_j), which makes the regression better conditioned for the next layer (GD++, section
 * 4 there).
 */
export function constructedLayer(width: number, examples: number, rate: number, curvature = 0): LinearAttentionLayer {
  const diagonal = (inputs: number, answer: number) =>
    matrix(width + 1, width + 1, (i, j) => (i !== j ? 0 : i < width ? inputs : answer));
  // Avoids -0, which would be printed.
  return { scores: diagonal(1, 0), values: diagonal(curvature === 0 ? 0 : -curvature / examples, -rate / examples) };
}

/** The four matrices of a transformer layer: W_Q, W_K, W_V and P. */
export type HeadMatrices = Readonly<Record<'query' | 'key' | 'value' | 'projection', Matrix>>;

/** The same layer from four matrices. */
export function layerOf(W: HeadMatrices): LinearAttentionLayer {
  return { scores: product(transposed(W.key), W.query), values: product(W.projection, W.value) };
}

/** Tokens (x_j, y_j) of a task, the query last with y = 0. */
export function tokensOf({ inputs, answers, query }: RegressionTask): readonly Vector[] {
  const token = (x: Vector, y: number) => Float64Array.of(...x, y);
  return [...inputs.map((x, i) => token(x, answers[i]!)), token(query, 0)];
}

/** One layer over all tokens; no token attends to the query. */
export function applyLayer({ scores, values }: LinearAttentionLayer, tokens: readonly Vector[]): readonly Vector[] {
  const examples = tokens.slice(0, -1);
  const attended = examples.map(token => times(values, token));
  return tokens.map(token => plus(token, linearAttention(attended, examples, times(scores, token))));
}

/** Minus the y of the query after the layers. */
export function predict(layers: readonly LinearAttentionLayer[], task: RegressionTask): number {
  const tokens = layers.reduce((current, layer) => applyLayer(layer, current), tokensOf(task));
  return -tokens.at(-1)!.at(-1)!;
}

/**
 * The prediction w^T x of `steps` steps of gradient descent from w = 0 on 1/2n sum_i (w^T x_i -
 * y_i)^2.
 */
export function predictByDescent({ inputs, answers, query }: RegressionTask, rate: number, steps: number): number {
  const X = stack(inputs);
  let w: Vector = new Float64Array(query.length);
  for (let step = 0; step < steps; step++) {
    const residuals = minus(times(X, w), Float64Array.from(answers));
    w = plus(w, timesTransposed(X, residuals), -rate / inputs.length);
  }
  return dot(w, query);
}

/**
 * The same with inputs that are preconditioned between the steps, as GD++ does: X <- X (1 - c X^T X
 * / n).
 */
export function predictByPreconditionedDescent(
  { inputs, answers, query }: RegressionTask,
  rate: number,
  curvature: number,
  steps: number,
): number {
  const n = inputs.length;
  let X = stack(inputs);
  let x = query;
  let residuals: Vector = Float64Array.from(answers);
  let prediction = 0;
  for (let step = 0; step < steps; step++) {
    const slope = scaled(timesTransposed(X, residuals), rate / n);
    residuals = minus(residuals, times(X, slope));
    prediction += dot(slope, x);
    if (step + 1 === steps) break;
    const shrink = sum(identity(x.length), product(transposed(X), X), -curvature / n);
    X = product(X, shrink);
    x = times(shrink, x);
  }
  return prediction;
}

/** Mean of (prediction - answer)^2 over tasks. */
export function meanSquare(tasks: readonly RegressionTask[], predictor: (task: RegressionTask) => number): number {
  return tasks.reduce((total, task) => total + (predictor(task) - task.answer) ** 2, 0) / tasks.length;
}

/**
 * The rate of one step with the smallest expected squared error on tasks of `drawRegression`. A
 * step of rate r predicts r p with p = x^T S w, S = 1/n sum_i x_i x_i^T, so that the best r is E[p
 * y] / E[p^2]; with entries of variance 1/3 and fourth moment 1/5
 *
 *     E[p y] = d / 9,   E[p^2] = d/3 ((1/5 + (d - 1)/9) / n + (n - 1) / 9n)
 */
export function bestRate(width: number, examples: number): number {
  const along = width / 9;
  const square = (width / 3) * ((1 / 5 + (width - 1) / 9 + (examples - 1) / 9) / examples);
  return along / square;
}

export function checkInContextRegression(seed: number): readonly Check[] {
  const [width, examples, rate, curvature] = [6, 12, 0.7, 0.2];
  const tasks = Array.from({ length: 20 }, (_, i) => drawRegression(width, examples, seed, 3, i));
  const worst = (layers: readonly LinearAttentionLayer[], reference: (task: RegressionTask) => number) =>
    Math.max(...tasks.map(task => Math.abs(predict(layers, task) - reference(task))));
  const layer = constructedLayer(width, examples, rate);
  const plusPlus = constructedLayer(width, examples, rate, curvature);
  const diagonal = (inputs: number, answer: number) =>
    matrix(width + 1, width + 1, (i, j) => (i !== j ? 0 : i < width ? inputs : answer));
  const written = layerOf({
    query: diagonal(1, 0),
    key: diagonal(1, 0),
    value: diagonal(0, -1),
    projection: diagonal(rate / examples, rate / examples),
  });
  const { matrix: random } = drawFrom(seed, 3, 20);
  const free = () => random(width + 1, width + 1, 0.3);
  const W = { query: free(), key: free(), value: free(), projection: free() };
  return [
    checked(
      'one layer of the W_Q, W_K, W_V and P of von Oswald et al., proposition 1 = one gradient step',
      worst([written], task => predictByDescent(task, rate, 1)),
    ),
    checked(
      'a layer of any W_Q, W_K, W_V and P, as written = the layer from their products',
      Math.max(
        ...tasks.map(task => {
          const tokens = tokensOf(task);
          return largestDifference(stack(asWritten(W, tokens)).data, stack(applyLayer(layerOf(W), tokens)).data);
        }),
      ),
    ),
    checked(
      '2, 5 and 10 layers = as many gradient steps',
      Math.max(...[2, 5, 10].map(n => worst(Array(n).fill(layer), task => predictByDescent(task, rate, n)))),
    ),
    checked(
      '5 layers that also move the inputs = 5 steps of GD++',
      worst(Array(5).fill(plusPlus), task => predictByPreconditionedDescent(task, rate, curvature, 5)),
    ),
    checked(
      'best rate of one step, closed form = E[p y] / E[p^2] summed exactly over inputs of 1 to 3 entries',
      Math.max(
        ...[[1, 3] as const, [2, 2] as const, [3, 1] as const].map(([d, n]) =>
          Math.abs(bestRate(d, n) - bestRateBySummation(d, n)),
        ),
      ),
    ),
  ];
}

/** e_j + P sum_i (W_V e_i) (W_K e_i)^T W_Q e_j, i over all tokens but the last, term by term. */
function asWritten(W: HeadMatrices, tokens: readonly Vector[]): readonly Vector[] {
  const examples = tokens.slice(0, -1);
  return tokens.map(token => {
    const query = times(W.query, token);
    const read = examples.reduce(
      (sum, example) => plus(sum, times(W.value, example), dot(times(W.key, example), query)),
      new Float64Array(token.length) as Vector,
    );
    return plus(token, times(W.projection, read));
  });
}

/**
 * E[p y] / E[p^2], p the prediction of one step of rate 1, with the expectations as sums over
 * Gauss-Legendre nodes: three for every entry of the examples (exact to degree 5, and p^2 has
 * degree 4), two for the query and the weights (with their variances 1/3 and 1: exact to degree 3,
 * and p^2 has degree 2).
 */
function bestRateBySummation(width: number, examples: number): number {
  const ofInputs = [-1, 0, 1].map(sign => ({ x: sign * Math.sqrt(3 / 5), weight: sign === 0 ? 4 / 9 : 5 / 18 }));
  const ofQuery = [-1, 1].map(sign => ({ x: sign / Math.sqrt(3), weight: 1 / 2 }));
  const ofWeights = [-1, 1].map(x => ({ x, weight: 1 / 2 }));
  let [along, square] = [0, 0];
  for (const { point: inputs, weight: ofX } of grid(ofInputs, width * examples)) {
    const rows = Array.from({ length: examples }, (_, i) =>
      Float64Array.from(inputs.slice(i * width, (i + 1) * width)),
    );
    for (const { point: teacher, weight: ofW } of grid(ofWeights, width)) {
      const w = Float64Array.from(teacher);
      const answers = rows.map(x => dot(w, x));
      for (const { point, weight } of grid(ofQuery, width)) {
        const query = Float64Array.from(point);
        const p = predictByDescent({ inputs: rows, answers, query, answer: 0 }, 1, 1);
        along += ofX * ofW * weight * p * dot(w, query);
        square += ofX * ofW * weight * p * p;
      }
    }
  }
  return along / square;
}

interface Node {
  readonly x: number;
  readonly weight: number;
}

/** All points of `dimensions` entries at these nodes, with the products of their weights. */
function grid(
  nodes: readonly Node[],
  dimensions: number,
): readonly { readonly point: readonly number[]; readonly weight: number }[] {
  if (dimensions === 0) return [{ point: [], weight: 1 }];
  return grid(nodes, dimensions - 1).flatMap(({ point, weight }) =>
    nodes.map(node => ({ point: [...point, node.x], weight: weight * node.weight })),
  );
}
