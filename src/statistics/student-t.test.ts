import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { studentTBeyond, studentTPoint, studentTWithin } from './student-t.ts';

// scipy 1.17: 2 * stats.t.cdf(t, degrees) - 1
test.each([
  [0.1, 1, 0.06345103486110704],
  [2.776, 1, 0.7798825625490027],
  [12, 1, 0.9470706478808202],
  [0.1, 2, 0.07053456158585991],
  [2.776, 2, 0.8910362663891729],
  [12, 3, 0.9987549841992107],
  [2.776, 4, 0.9499772216800235],
  [12, 4, 0.9997235714514969],
  [2.776, 5, 0.9609133492085766],
  [2.776, 9, 0.9784588384760224],
  [0.1, 10, 0.07767928143559177],
  [12, 10, 0.9999997078591176],
  [2.776, 29, 0.9904627364783019],
  [2.776, 100, 0.9934298589743638],
])('studentTWithin(%f, %i)', (t, degrees, share) => {
  expect(studentTWithin(t, degrees)).toBeCloseTo(share, 13);
});

// scipy 1.17: 2 * stats.t.sf(t, degrees)
test.each([
  [0.5, 3, 0.651447964848151],
  [1, 1, 0.5000000000000001],
  [1, 1000, 0.31755241808467255],
  [1.0001, 5, 0.36317353388642615],
  [2.776, 4, 0.05002277831997642],
  [12, 10, 2.921408824769984e-7],
  [40, 4, 2.3340163226012678e-6],
  [100, 199, 4.371238057672389e-172],
  [1e6, 2, 9.999999999985001e-13],
  [1e8, 1, 6.366197723675814e-9],
])('studentTBeyond(%f, %i)', (t, degrees, p) => {
  expect(studentTBeyond(t, degrees) / p).toBeCloseTo(1, 11);
});

test('a tail below the smallest double is not 0', () => {
  expect(studentTBeyond(500, 1999)).toBe(Number.MIN_VALUE);
  expect(studentTBeyond(Number.POSITIVE_INFINITY, 3)).toBe(Number.MIN_VALUE);
});

// scipy 1.17: stats.t.ppf((1 + probability) / 2, degrees)
test.each([
  [0.5, 1, 1],
  [0.95, 1, 12.706204736174694],
  [0.99, 1, 63.656741162871526],
  [0.95, 2, 4.302652729749462],
  [0.95, 4, 2.7764451051977934],
  [0.99, 4, 4.604094871349992],
  [0.5, 9, 0.7027221467513264],
  [0.95, 29, 2.045229642132703],
  [0.99, 100, 2.6258905214380173],
])('studentTPoint(%f, %i)', (probability, degrees, t) => {
  expect(studentTPoint(probability, degrees) / t).toBeCloseTo(1, 11);
});

const degrees = fc.integer({ min: 1, max: 200 });

describe('for all degrees of freedom', () => {
  test('P(|T| <= t) grows with t and with the degrees of freedom, from 0 to 1', () => {
    fc.assert(
      fc.property(degrees, fc.double({ min: 0, max: 20, noNaN: true }), (n, t) => {
        const share = studentTWithin(t, n);
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1 + 1e-14);
        expect(studentTWithin(t + 0.5, n)).toBeGreaterThanOrEqual(share - 1e-14);
        expect(studentTWithin(t, n + 1)).toBeGreaterThanOrEqual(share - 1e-13);
      }),
    );
    expect(studentTWithin(0, 7)).toBe(0);
    expect(studentTWithin(Number.POSITIVE_INFINITY, 7)).toBe(1);
  });

  test('the tail is the complement', () => {
    fc.assert(
      fc.property(degrees, fc.double({ min: 0, max: 20, noNaN: true }), (n, t) => {
        expect(studentTBeyond(t, n) + studentTWithin(t, n)).toBeCloseTo(1, 12);
      }),
    );
    expect(studentTBeyond(0, 7)).toBe(1);
  });

  test('the quantile inverts the distribution', () => {
    fc.assert(
      fc.property(degrees, fc.double({ min: 0.01, max: 0.999, noNaN: true }), (n, probability) => {
        expect(studentTWithin(studentTPoint(probability, n), n)).toBeCloseTo(probability, 12);
      }),
    );
  });
});

test('refuses meaningless arguments', () => {
  expect(() => studentTWithin(1, 0)).toThrow(RangeError);
  expect(() => studentTWithin(1, 1.5)).toThrow(RangeError);
  expect(() => studentTWithin(-1, 3)).toThrow(RangeError);
  expect(() => studentTWithin(Number.NaN, 3)).toThrow(RangeError);
  expect(() => studentTBeyond(1, 0)).toThrow(RangeError);
  expect(() => studentTBeyond(Number.NaN, 3)).toThrow(RangeError);
  expect(() => studentTPoint(1, 3)).toThrow(RangeError);
  expect(() => studentTPoint(0, 3)).toThrow(RangeError);
});
