import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wilson } from './wilson.ts';

// statsmodels 0.15: proportion_confint(successes, n, method='wilson')
test.each([
  [45, 49, 0.8081087240342871, 0.9677971823322363],
  [133, 137, 0.9273350116145921, 0.9885884748371526],
  [10, 22, 0.2692029418081332, 0.6534020467926506],
  [127, 200, 0.566317026527406, 0.698594735350732],
  [0, 11, 0.0, 0.2588329669680318],
  [11, 11, 0.7411670330319682, 1.0],
  [1, 1, 0.2065493143772374, 1.0],
  [553, 872, 0.6016814150452792, 0.6654902261728437],
])('wilson(%i, %i)', (successes, n, low, high) => {
  const interval = wilson(successes, n)!;
  expect(interval.low).toBeCloseTo(low, 13);
  expect(interval.high).toBeCloseTo(high, 13);
});

test('one of two with z = 1 by hand: (1/2 + 1/4 +- sqrt(1/8 + 1/16)) / (3/2)', () => {
  const interval = wilson(1, 2, 1)!;
  expect(interval.low).toBeCloseTo((0.75 - Math.sqrt(3 / 16)) / 1.5, 14);
  expect(interval.high).toBeCloseTo((0.75 + Math.sqrt(3 / 16)) / 1.5, 14);
});

test('is null without trials', () => {
  expect(wilson(0, 0)).toBeNull();
});

test('refuses impossible counts', () => {
  expect(() => wilson(3, 2)).toThrow(RangeError);
  expect(() => wilson(-1, 2)).toThrow(RangeError);
  expect(() => wilson(0.5, 2)).toThrow(RangeError);
});

const counts = fc
  .integer({ min: 1, max: 5000 })
  .chain(n => fc.record({ n: fc.constant(n), successes: fc.integer({ min: 0, max: n }) }));

test('is in [0, 1], contains the proportion, mirrors, and narrows with n', () => {
  fc.assert(
    fc.property(counts, ({ n, successes }) => {
      const { low, high } = wilson(successes, n)!;
      expect(low).toBeGreaterThanOrEqual(0);
      expect(high).toBeLessThanOrEqual(1);
      expect(low).toBeLessThanOrEqual(successes / n);
      expect(high).toBeGreaterThanOrEqual(successes / n);
      const mirrored = wilson(n - successes, n)!;
      expect(mirrored.low).toBeCloseTo(1 - high, 12);
      const larger = wilson(4 * successes, 4 * n)!;
      expect(larger.high - larger.low).toBeLessThan(high - low);
    }),
  );
});

test('covers the true value in about 95 % of all outcomes', () => {
  const n = 56;
  for (const p of [0.1, 0.3, 0.5, 0.8]) {
    // The exact coverage: the binomial probability of the outcomes whose interval holds p.
    let mass = (1 - p) ** n;
    let coverage = 0;
    for (let k = 0; k <= n; k++) {
      const { low, high } = wilson(k, n)!;
      if (low <= p && p <= high) coverage += mass;
      mass *= ((n - k) / (k + 1)) * (p / (1 - p));
    }
    expect(coverage).toBeGreaterThan(0.93);
    expect(coverage).toBeLessThan(0.98);
  }
});
