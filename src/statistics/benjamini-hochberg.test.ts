import fc from 'fast-check';
import { expect, test } from 'vitest';
import { benjaminiHochberg } from './benjamini-hochberg.ts';

// scipy 1.17: stats.false_discovery_control(p)
test.each([
  [
    [0.01, 0.04, 0.03, 0.005],
    [0.02, 0.04, 0.04, 0.02],
  ],
  [
    [0.2, 0.2, 0.9, 0.001, 0.05, 0.5, 0.011],
    [0.28, 0.28, 0.9, 0.007, 0.11666666666666668, 0.5833333333333334, 0.0385],
  ],
  [
    [1, 1],
    [1, 1],
  ],
  [
    [0, 0.5],
    [0, 0.5],
  ],
  [[], []],
])('benjaminiHochberg(%j)', (values, adjusted) => {
  expect(benjaminiHochberg(values)).toBeAllClose(adjusted, 1e-15);
});

const share = fc.double({ min: 0, max: 1, noNaN: true });

test('keeps the order, stays between p and m p, and does not depend on the order of the tests', () => {
  fc.assert(
    fc.property(fc.array(share, { minLength: 1, maxLength: 20 }), values => {
      const adjusted = benjaminiHochberg(values);
      for (const [i, p] of values.entries()) {
        expect(adjusted[i]).toBeGreaterThanOrEqual(p);
        expect(adjusted[i]).toBeLessThanOrEqual(Math.min(1, values.length * p * (1 + 1e-15)));
        for (const [j, other] of values.entries()) {
          if (p <= other) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j]!);
        }
      }
      expect(benjaminiHochberg(values.toReversed())).toEqual(adjusted.toReversed());
    }),
  );
});

test('a comparison that tested nothing does not count', () => {
  const adjusted = benjaminiHochberg([0.01, null, 0.04, 0.03, null, 0.005]);
  expect(adjusted).toEqual([0.02, null, 0.04, 0.04, null, 0.02].map(p => p && expect.closeTo(p, 15)));
  expect(benjaminiHochberg([null])).toEqual([null]);
});

test('refuses p outside [0, 1]', () => {
  expect(() => benjaminiHochberg([0.2, 1.1])).toThrow(RangeError);
  expect(() => benjaminiHochberg([Number.NaN])).toThrow(RangeError);
});
