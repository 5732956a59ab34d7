import { expect, test } from 'vitest';
import { randomStream } from '../../statistics/random.ts';
import { drawRegression, leastSquares, oneGradientStep, regressionErrors } from './linear-regression.ts';

const task = { dimensions: 3, examples: 8, noise: 0 };
const sequences = (count: number, settings: typeof task) =>
  Array.from({ length: count }, (_, i) => drawRegression(randomStream(5, i), settings));

/** [n + 1] */
function meanErrors(settings: typeof task, predict: Parameters<typeof regressionErrors>[1], count = 4000): number[] {
  const all = sequences(count, settings).map(sequence => regressionErrors(sequence, predict));
  return Array.from({ length: settings.examples + 1 }, (_, i) => all.reduce((sum, each) => sum + each[i]!, 0) / count);
}

test('a seed gives one sequence, another seed another', () => {
  const draw = (seed: number) => drawRegression(randomStream(seed), task);
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1).answers).not.toEqual(draw(2).answers);
  expect(draw(1).inputs.map(x => x.length)).toEqual(new Array(9).fill(3));
});

test('without noise, d examples determine the function: least squares finds every later answer', () => {
  for (const sequence of sequences(200, task)) {
    const errors = regressionErrors(sequence, leastSquares(0));
    expect(errors.subarray(4)).toBeAllClose(new Float64Array(5), 1e-6);
  }
});

/** All points of `dimensions` entries at these nodes, with the products of their weights. */
function grid(nodes: readonly (readonly [x: number, weight: number])[], dimensions: number): [number[], number][] {
  if (dimensions === 0) return [[[], 1]];
  return grid(nodes, dimensions - 1).flatMap(([point, weight]) =>
    nodes.map(([x, own]): [number[], number] => [[...point, x], weight * own]),
  );
}

test.each([
  [1, 3],
  [2, 2],
  [3, 1],
])('one gradient step with %i inputs after %i examples: the mean error is exactly that of theory', (d, n) => {
  // Expectations over normal entries as sums over the nodes of Gauss and Hermite: three are exact
  // to degree 5, two to degree 3.
  const [three, two] = [
    [
      [-Math.sqrt(3), 1 / 6],
      [0, 2 / 3],
      [Math.sqrt(3), 1 / 6],
    ] as const,
    [
      [-1, 1 / 2],
      [1, 1 / 2],
    ] as const,
  ];
  let error = 0;
  for (const [entries, ofInputs] of grid(three, d * n)) {
    const before = Array.from({ length: n }, (_, i) => Float64Array.from(entries.slice(i * d, (i + 1) * d)));
    for (const [weights, ofWeights] of grid(two, d)) {
      const answerTo = (x: Float64Array) => x.reduce((sum, each, k) => sum + each * weights[k]!, 0);
      for (const [query, ofQuery] of grid(two, d)) {
        const inputs = [...before, Float64Array.from(query)];
        const errors = regressionErrors({ inputs, answers: Float64Array.from(inputs, answerTo) }, oneGradientStep);
        error += ofInputs * ofWeights * ofQuery * errors[n]!;
      }
    }
  }
  // One step from 0: E (w.x)^2 / d = 1 - n / (n + d + 1).
  expect(error).toBeCloseTo(1 - n / (n + d + 1), 12);
});

test('least squares: mean errors are those of theory', () => {
  // Unknown part of w after i < d examples in directions at random: 1 - i / d of its square length.
  expect(meanErrors(task, leastSquares(0)).slice(0, 3)).toBeAllClose([1, 2 / 3, 1 / 3], 0.08);
});

test('with noise, ridge with its variance as penalty is better than least squares and than other penalties', () => {
  const noisy = { ...task, noise: 0.5 };
  const sum = (penalty: number) => meanErrors(noisy, leastSquares(penalty), 2000).reduce((a, b) => a + b);
  expect(sum(0.5)).toBeLessThan(sum(0.25));
  expect(sum(0.5)).toBeLessThan(sum(1));
  expect(sum(0.5)).toBeLessThan(sum(1e-3));
});
