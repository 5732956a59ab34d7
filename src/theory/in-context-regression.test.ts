import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  applyLayer,
  bestRate,
  checkInContextRegression,
  constructedLayer,
  drawRegression,
  meanSquare,
  predict,
  predictByDescent,
  predictByPreconditionedDescent,
  tokensOf,
} from './in-context-regression.ts';

test('layers = steps, for all sizes, numbers of examples, rates and depths', () => {
  fc.assert(
    fc.property(
      fc.nat(1e6),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 12 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 4 }),
      (seed, width, examples, rate, depth) => {
        const task = drawRegression(width, examples, seed);
        const layers = Array(depth).fill(constructedLayer(width, examples, rate));
        expect(Math.abs(predict(layers, task) - predictByDescent(task, rate, depth))).toBeLessThan(1e-10);
        const moving = Array(depth).fill(constructedLayer(width, examples, rate, 0.1));
        expect(Math.abs(predict(moving, task) - predictByPreconditionedDescent(task, rate, 0.1, depth))).toBeLessThan(
          1e-10,
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('one example by hand: x = 2, y = 3, rate 0.5; w = 3 after a step, 3 x 0.1 for the query', () => {
  const task = { inputs: [Float64Array.of(2)], answers: [3], query: Float64Array.of(0.1), answer: 0.15 };
  expect(predictByDescent(task, 0.5, 1)).toBeCloseTo(0.3, 15);
  // The residual 3 - 6 replaces the answer.
  expect(applyLayer(constructedLayer(1, 1, 0.5), tokensOf(task)).map(e => Array.from(e))).toEqual([
    [2, -3],
    [0.1, expect.closeTo(-0.3, 15)],
  ]);
});

test.each([
  [4, 20],
  [3, 5],
])('the best rate for %i inputs and %i examples is that of many tasks', (width, examples) => {
  const tasks = Array.from({ length: 20_000 }, (_, i) => drawRegression(width, examples, 9, i));
  const units = tasks.map(task => predictByDescent(task, 1, 1));
  const along = tasks.reduce((sum, { answer }, i) => sum + answer * units[i]!, 0);
  const square = units.reduce((sum, unit) => sum + unit * unit, 0);
  expect(bestRate(width, examples) / (along / square)).toBeCloseTo(1, 1.5);
});

test('many steps learn the regression', () => {
  const tasks = Array.from({ length: 50 }, (_, i) => drawRegression(4, 20, 9, i));
  expect(meanSquare(tasks, task => predictByDescent(task, 1, 400))).toBeLessThan(1e-6);
});

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('the checks hold with seed %i', seed => {
  for (const { claim, passed } of checkInContextRegression(seed)) expect(passed, claim).toBe(true);
});
