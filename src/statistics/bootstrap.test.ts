import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pairedBootstrap } from './bootstrap.ts';
import { fillUniform, randomStream } from './random.ts';

test('two examples by hand: the resampled means are 0, 1/2, 1 with probabilities 1/4, 1/2, 1/4', () => {
  const wide = pairedBootstrap([1, 1], [1, 0], { seed: 1 })!;
  expect(wide).toEqual({ difference: 0.5, low: 0, high: 1 });
  const narrow = pairedBootstrap([1, 1], [1, 0], { seed: 1, confidence: 0.4 })!;
  expect(narrow).toEqual({ difference: 0.5, low: 0.5, high: 0.5 });
});

test('30 of 100 against a subset of 20: the mean of ten ones in a hundred', () => {
  const a = Array.from({ length: 100 }, (_, i) => (i < 30 ? 1 : 0));
  const b = Array.from({ length: 100 }, (_, i) => (i < 20 ? 1 : 0));
  // Resampled sums are Binomial(100, 0.1): scipy 1.17 binom.ppf([0.025, 0.975], 100, 0.1) = [5,
  // 16].
  const { difference, low, high } = pairedBootstrap(a, b, { seed: 3 })!;
  expect(difference).toBeCloseTo(0.1, 14);
  expect(low).toBeCloseTo(0.05, 14);
  expect(high).toBeCloseTo(0.16, 14);
});

test('gives no interval, with why, for differences without spread', () => {
  const found = pairedBootstrap([2, 3, 4], [1, 2, 3], { seed: 1 });
  expect(found).toEqual({ difference: 1, low: null, high: null, why: 'all 3 differences are the same' });
});

test('is null without examples, and refuses unequal lengths', () => {
  expect(pairedBootstrap([], [], { seed: 1 })).toBeNull();
  expect(() => pairedBootstrap([1], [], { seed: 1 })).toThrow(RangeError);
});

const pairs = fc.array(fc.tuple(fc.integer({ min: -99, max: 99 }), fc.integer({ min: -99, max: 99 })), {
  minLength: 1,
  maxLength: 40,
});

test('is seeded, antisymmetric, ordered, and within the range of the differences', () => {
  fc.assert(
    fc.property(pairs, fc.integer(), (rows, seed) => {
      const a = rows.map(row => row[0]);
      const b = rows.map(row => row[1]);
      const options = { seed, resamples: 200 };
      const forward = pairedBootstrap(a, b, options)!;
      expect(pairedBootstrap(a, b, options)).toEqual(forward);
      const backward = pairedBootstrap(b, a, options)!;
      if (forward.low === null || forward.high === null) {
        expect(backward).toEqual({ ...forward, difference: 0 - forward.difference });
        return;
      }
      expect(backward.low).toBeCloseTo(-forward.high, 9);
      expect(backward.high).toBeCloseTo(-forward.low, 9);
      const differences = rows.map(row => row[0] - row[1]);
      expect(forward.low).toBeLessThanOrEqual(forward.high);
      expect(forward.low).toBeGreaterThanOrEqual(Math.min(...differences) - 1e-9);
      expect(forward.high).toBeLessThanOrEqual(Math.max(...differences) + 1e-9);
    }),
    { numRuns: 50 },
  );
});

test('a 95 % interval covers the true difference in 93 to 97 % of 2000 samples', () => {
  const n = 100;
  let covered = 0;
  for (let sample = 0; sample < 2000; sample++) {
    const a = fillUniform(randomStream(11, sample, 0), new Float64Array(n));
    const b = fillUniform(randomStream(11, sample, 1), new Float64Array(n)).map(x => x * x);
    const { low, high } = pairedBootstrap(a, b, { seed: sample, resamples: 500 })!;
    const truth = 1 / 2 - 1 / 3;
    if (low! <= truth && truth <= high!) covered++;
  }
  expect(covered / 2000).toBeGreaterThan(0.93);
  expect(covered / 2000).toBeLessThan(0.97);
});
