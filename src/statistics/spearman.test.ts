import fc from 'fast-check';
import { expect, test } from 'vitest';
import { spearman } from './spearman.ts';

test('by hand: 1 - 6 sum d^2 / (n (n^2 - 1)) without ties; mean ranks with ties', () => {
  expect(spearman([10, 20, 30, 40, 50], [1, 3, 2, 5, 4])).toBeCloseTo(1 - (6 * 4) / (5 * 24), 14);
  // Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4.
  expect(spearman([1, 2, 2, 3], [5, 6, 7, 8])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 14);
  expect(spearman([1, 1], [1, 2])).toBeNull();
  expect(spearman([1], [2])).toBeNull();
  expect(() => spearman([1, 2], [1])).toThrow(RangeError);
});

test('only the order matters; 1 with itself, -1 with its opposite', () => {
  const values = fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 12 });
  fc.assert(
    fc.property(values, fc.infiniteStream(fc.integer({ min: -9, max: 9 })), (x, others) => {
      const y = x.map(() => others.next().value);
      expect(spearman(x, x)).toBeCloseTo(1, 12);
      expect(
        spearman(
          x,
          x.map(each => -each),
        ),
      ).toBeCloseTo(-1, 12);
      const found = spearman(x, y);
      expect(
        spearman(
          x.map(each => each ** 3),
          y,
        ),
      ).toBe(found);
      expect(spearman(y, x)).toBe(found);
      if (found !== null) expect(Math.abs(found)).toBeLessThanOrEqual(1 + 1e-12);
    }),
  );
});
