import fc from 'fast-check';
import { expect, test } from 'vitest';
import { benjaminiHochberg } from './benjamini-hochberg.ts';
import { holm } from './holm.ts';

test('four tests, by hand', () => {
  expect(holm([0.01, 0.04, 0.03, 0.005])).toBeAllClose([0.03, 0.06, 0.06, 0.02], 1e-15);
  expect(holm([0.5, 0.6])).toEqual([1, 1]);
  expect(holm([])).toEqual([]);
});

test('a test that could not be computed counts, and has no p', () => {
  expect(holm([null, 0.01, null, 0.03])).toEqual([null, expect.closeTo(0.04, 15), null, expect.closeTo(0.09, 15)]);
});

const share = fc.double({ min: 0, max: 1, noNaN: true });

test('keeps the order, never falls below Benjamini and Hochberg, never exceeds Bonferroni', () => {
  fc.assert(
    fc.property(fc.array(share, { minLength: 1, maxLength: 20 }), values => {
      const adjusted = holm(values);
      const weaker = benjaminiHochberg(values);
      for (const [i, p] of values.entries()) {
        expect(adjusted[i]).toBeGreaterThanOrEqual(weaker[i]! * (1 - 1e-15));
        expect(adjusted[i]).toBeLessThanOrEqual(Math.min(1, values.length * p));
        for (const [j, other] of values.entries()) {
          if (p <= other) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j]!);
        }
      }
      expect(holm(values.toReversed())).toEqual(adjusted.toReversed());
    }),
  );
});

test('refuses p outside [0, 1]', () => {
  expect(() => holm([0.2, 1.1])).toThrow(RangeError);
  expect(() => holm([Number.NaN])).toThrow(RangeError);
});
