import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cosine, cosineOfUpdates } from './cosine.ts';

const component = fc.integer({ min: -1000, max: 1000 });
const vectors = (count: number) =>
  fc
    .integer({ min: 1, max: 12 })
    .chain(n => fc.tuple(...Array.from({ length: count }, () => fc.array(component, { minLength: n, maxLength: n }))));
const scale = fc.double({ min: 1e-3, max: 1e3, noNaN: true });

test('by hand', () => {
  expect(cosine([1, 0], [1, 1])).toBeCloseTo(Math.SQRT1_2, 15);
  expect(cosine([3, 4], [4, 3])).toBeCloseTo(24 / 25, 15);
  expect(cosine([1, 2], [-2, 1])).toBe(0);
  // 4 / sqrt(5 * 13)
  expect(cosineOfUpdates([0, 2], [3, 3], [1, 0])).toBeCloseTo(4 / Math.sqrt(65), 15);
});

test('of a slice of flat arrays', () => {
  expect(cosine([9, 9, 3, 4, 9], [7, -7, 4, 3, 7], 2, 2)).toBeCloseTo(24 / 25, 15);
  expect(cosineOfUpdates([9, 0, 2], [7, 3, 3], [5, 1, 0], 1, 2)).toBeCloseTo(4 / Math.sqrt(65), 15);
});

test('a zero vector or update has no direction', () => {
  expect(cosine([0, 0], [1, 2])).toBeNull();
  expect(cosine([1, 2], [0, 0])).toBeNull();
  expect(cosine([], [])).toBeNull();
  expect(cosineOfUpdates([1, 2], [3, 4], [1, 2])).toBeNull();
  expect(cosineOfUpdates([3, 4], [1, 2], [1, 2])).toBeNull();
});

test('an update that is only rounding has no direction', () => {
  const third = { a: 1 / 3, b: 1, base: 1 };
  // 0.3 / 3 is 0.09999..., not 0.1.
  expect(cosineOfUpdates([0.3, 3], [5, 6], [0.1, 1], 0, 2, third)).toBeNull();
});

test('an update below 3e-5 of its base is float32 rounding, one above is not', () => {
  const base = [0.6, -0.8, 0];
  const other = [0.6, -0.8, 1];
  expect(cosineOfUpdates([0.6, -0.8, 2.9e-5], other, base)).toBeNull();
  expect(cosineOfUpdates(other, [0.6, -0.8, 2.9e-5], base)).toBeNull();
  expect(cosineOfUpdates([0.6, -0.8, 3.1e-5], other, base)).toBeCloseTo(1, 12);
  // Of a base of zero every update is one.
  expect(cosineOfUpdates([0, 1e-6], [0, 1], [0, 0])).toBeCloseTo(1, 12);
});

test('throws for values that are not finite, instead of giving null', () => {
  expect(() => cosine([Number.NaN, 1], [1, 1])).toThrow(/not finite/);
  expect(() => cosine([Number.POSITIVE_INFINITY, 1], [1, 1])).toThrow(/not finite/);
  expect(() => cosineOfUpdates([Number.NaN, 1], [1, 1], [0, 0])).toThrow(/not finite/);
});

test('is symmetric, bounded, independent of scale, and odd in each vector', () => {
  fc.assert(
    fc.property(vectors(2), scale, ([a, b], factor) => {
      const value = cosine(a!, b!);
      expect(cosine(b!, a!)).toBe(value);
      if (value === null) return;
      expect(Math.abs(value)).toBeLessThanOrEqual(1);
      const scaled = a!.map(x => x * factor);
      expect(cosine(scaled, b!)).toBeCloseTo(value, 12);
      expect(
        cosine(
          scaled.map(x => -x),
          b!,
        ),
      ).toBeCloseTo(-value, 12);
      expect(cosine(a!, scaled)).toBeCloseTo(1, 12);
    }),
  );
});

test('of updates: equals the cosine of the differences', () => {
  fc.assert(
    fc.property(vectors(3), ([a, b, base]) => {
      const value = cosineOfUpdates(a!, b!, base!);
      const direct = cosine(
        a!.map((x, i) => x - base![i]!),
        b!.map((x, i) => x - base![i]!),
      );
      if (direct === null) expect(value).toBeNull();
      else expect(value).toBeCloseTo(direct, 12);
    }),
  );
});
