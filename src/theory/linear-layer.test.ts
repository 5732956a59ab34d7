import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawFrom } from './draw.ts';
import {
  checkLinearLayer,
  descend,
  descendWithMomentum,
  dualForm,
  linearAttention,
  momentumSum,
  momentumWeights,
  type OutputGradient,
  valueMomentum,
} from './linear-layer.ts';
import { largestDifference, minus, scaled, times } from './matrix.ts';

const shapes = fc.record({
  seed: fc.nat(1e6),
  width: fc.integer({ min: 1, max: 7 }),
  out: fc.integer({ min: 1, max: 5 }),
  steps: fc.integer({ min: 0, max: 20 }),
  eta: fc.double({ min: 0.01, max: 0.95, noNaN: true }),
});

test('one step by hand: W = 1, x = 2, target 0, rate 0.1', () => {
  const initial = { rows: 1, columns: 1, data: Float64Array.of(1) };
  const { weights, steps } = descend(initial, [Float64Array.of(2)], output => output, 0.1);
  expect(steps[0]!.error[0]).toBeCloseTo(-0.2, 15);
  expect(weights[1]!.data[0]).toBeCloseTo(0.6, 15);
  expect(dualForm(initial, steps, Float64Array.of(3))[0]).toBeCloseTo(1.8, 15);
});

test('trained layer = dual form, for all shapes, seeds and losses', () => {
  fc.assert(
    fc.property(shapes, ({ seed, width, out, steps: count, eta }) => {
      const draw = drawFrom(seed);
      const initial = draw.matrix(out, width);
      const inputs = draw.vectors(count, width);
      const targets = draw.vectors(count, out);
      // Not a squared error: any loss will do.
      const gradient: OutputGradient = (output, i) => minus(output, targets[i]!).map(Math.tanh);
      const query = draw.vector(width);
      const plain = descend(initial, inputs, gradient, 0.1);
      const pushed = descendWithMomentum(initial, inputs, gradient, 0.1, eta);
      expect(
        largestDifference(times(plain.weights.at(-1)!, query), dualForm(initial, plain.steps, query)),
      ).toBeLessThan(1e-10);
      expect(
        largestDifference(
          times(pushed.weights.at(-1)!, query),
          dualForm(initial, pushed.steps, query, momentumWeights(eta, count)),
        ),
      ).toBeLessThan(1e-10);
    }),
    { numRuns: 60 },
  );
});

test('momentum by hand: steps of 1 with eta 1/2 weigh 1/2, then 1/2 + 1/4', () => {
  const one = Float64Array.of(1);
  const initial = { rows: 1, columns: 1, data: Float64Array.of(0) };
  const { weights, steps } = descendWithMomentum(initial, [one, one], () => Float64Array.of(-1), 1, 0.5);
  expect(weights.map(W => W.data[0])).toEqual([0, 0, 0.5, 1.25]);
  expect(momentumSum(weights[2]!, steps, 3, 0.5).data[0]).toBe(1.25);
  expect(momentumWeights(0.5, 2)).toEqual([0.75, 0.5]);
});

test('momentum of values by hand', () => {
  const values = [1, 0, 0, 2].map(x => Float64Array.of(x));
  expect(valueMomentum(values, 0.5).map(([m]) => m)).toEqual([0, 0.5, 0.25, 0.125]);
});

test('linear attention over no tokens is zero; it is linear in the query', () => {
  expect(linearAttention([], [], Float64Array.of(1))).toEqual(new Float64Array(0));
  const draw = drawFrom(3);
  const [values, keys, query] = [draw.vectors(4, 3), draw.vectors(4, 2), draw.vector(2)];
  const once = linearAttention(values, keys, query);
  expect(linearAttention(values, keys, scaled(query, 2))).toBeAllClose(scaled(once, 2), 1e-12);
});

test('the checks hold, and fail for a wrong formula', () => {
  for (let seed = 0; seed < 10; seed++) {
    for (const { claim, passed } of checkLinearLayer(seed)) expect(passed, claim).toBe(true);
  }
  const draw = drawFrom(5);
  const initial = draw.matrix(2, 2);
  const { weights, steps } = descendWithMomentum(initial, draw.vectors(5, 2), output => output, 0.1, 0.5);
  const query = draw.vector(2);
  expect(largestDifference(times(weights.at(-1)!, query), dualForm(initial, steps, query))).toBeGreaterThan(1e-3);
});
