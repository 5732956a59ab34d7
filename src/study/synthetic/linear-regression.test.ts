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

test('without noise, d examples tell the function: least squares finds every later answer', () => {
  for (const sequence of sequences(200, task)) {
    const errors = regressionErrors(sequence, leastSquares(0));
    expect(errors.subarray(4)).toBeAllClose(new Float64Array(5), 1e-6);
  }
});

test('mean errors are those of theory', () => {
  // Unknown part of w after i < d examples in directions at random: 1 - i / d of its square length.
  expect(meanErrors(task, leastSquares(0)).slice(0, 3)).toBeAllClose([1, 2 / 3, 1 / 3], 0.08);
  // One step from 0: E (w.x)^2 / d = 1 - i / (i + d + 1).
  const expected = Array.from({ length: 9 }, (_, i) => 1 - i / (i + 4));
  expect(meanErrors(task, oneGradientStep)).toBeAllClose(expected, 0.08);
});

test('with noise, ridge with its variance as penalty is better than least squares and than other penalties', () => {
  const noisy = { ...task, noise: 0.5 };
  const sum = (penalty: number) => meanErrors(noisy, leastSquares(penalty), 2000).reduce((a, b) => a + b);
  expect(sum(0.5)).toBeLessThan(sum(0.25));
  expect(sum(0.5)).toBeLessThan(sum(1));
  expect(sum(0.5)).toBeLessThan(sum(1e-3));
});
