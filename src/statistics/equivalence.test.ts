import fc from 'fast-check';
import { expect, test } from 'vitest';
import { equivalence } from './equivalence.ts';
import { estimateOf, withoutInterval } from './estimate.ts';

test('against scipy', () => {
  const found = equivalence({ value: 0.1, error: 0.05, df: 7 }, 0.25);
  // scipy 1.17: t.sf(3, 7); 0.1 -+ 0.05 * t.ppf(0.95, 7)
  expect(found.p).toBeCloseTo(0.00997106306599628, 12);
  expect([found.low!, found.high!]).toBeAllClose([0.005271069745499693, 0.19472893025450033], 1e-12);
  expect(found.negligible).toBe(true);
  // t.sf(-1, 7)
  expect(equivalence({ value: -0.1, error: 0.05, df: 7 }, 0.05)).toMatchObject({
    p: expect.closeTo(0.8246916685898963, 12),
    negligible: false,
  });
});

test('is negligible exactly if p is below 5 %, and more easily with a larger delta', () => {
  const size = fc.double({ min: 0.01, max: 2, noNaN: true });
  fc.assert(
    fc.property(
      fc.double({ min: -2, max: 2, noNaN: true }),
      size,
      fc.integer({ min: 1, max: 60 }),
      size,
      (value, error, df, delta) => {
        const found = equivalence({ value, error, df }, delta);
        if (Math.abs(found.p! - 0.05) > 1e-9) expect(found.negligible).toBe(found.p! < 0.05);
        expect(equivalence({ value, error, df }, 2 * delta).p).toBeLessThanOrEqual(found.p!);
        expect(equivalence({ value: -value, error, df }, delta).p).toBe(found.p);
      },
    ),
  );
});

test('an estimate that does not differ from 0 need not be negligible; one without an error never is', () => {
  const wide = estimateOf(0.05, 0.4, 10);
  expect(wide.p).toBeGreaterThan(0.8);
  expect(equivalence(wide, 0.2).negligible).toBe(false);
  const none = { low: null, high: null, p: null, negligible: false, why: 'all values are the same' };
  expect(equivalence(withoutInterval(0, 'all values are the same', 0), 0.2)).toEqual(none);
  expect(() => equivalence(wide, 0)).toThrow(RangeError);
});
