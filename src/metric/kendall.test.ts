import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillUniform, randomStream } from '../statistics/random.ts';
import { kendallTauA, kendallTauB } from './kendall.ts';

/** The definition, pair by pair. */
function reference(x: ArrayLike<number>, y: ArrayLike<number>): { a: number | null; b: number | null } {
  let balance = 0;
  let pairs = 0;
  let apartX = 0;
  let apartY = 0;
  for (let i = 0; i < x.length; i++) {
    for (let j = 0; j < i; j++) {
      const dx = Math.sign(x[i]! - x[j]!);
      const dy = Math.sign(y[i]! - y[j]!);
      pairs++;
      balance += dx * dy;
      apartX += Math.abs(dx);
      apartY += Math.abs(dy);
    }
  }
  return {
    a: pairs === 0 ? null : balance / pairs,
    b: apartX === 0 || apartY === 0 ? null : balance / Math.sqrt(apartX * apartY),
  };
}

test('by hand', () => {
  // Five pairs agree, one does not.
  expect(kendallTauB([1, 2, 3, 4], [1, 3, 2, 4])).toBeCloseTo(4 / 6, 15);
  expect(kendallTauA([1, 2, 3, 4], [1, 3, 2, 4])).toBeCloseTo(4 / 6, 15);
  // Four pairs agree, one ties in x, one in y.
  expect(kendallTauB([1, 1, 2, 3], [1, 2, 2, 3])).toBeCloseTo(4 / 5, 15);
  expect(kendallTauA([1, 1, 2, 3], [1, 2, 2, 3])).toBeCloseTo(4 / 6, 15);
  expect(kendallTauB([3, 1, 2], [-3, -1, -2])).toBeCloseTo(-1, 15);
});

test('agrees with scipy', () => {
  // scipy 1.17: kendalltau(x, y), with x_i = 7 i mod 20, y_i = i^2 mod 23, i < 40: ties in x, in y
  // and in both.
  const x = Array.from({ length: 40 }, (_, i) => (7 * i) % 20);
  const y = Array.from({ length: 40 }, (_, i) => (i * i) % 23);
  expect(kendallTauB(x, y)).toBeCloseTo(0.03219925007925425, 14);
});

test('is null for a constant', () => {
  expect(kendallTauB([1, 1, 1], [1, 2, 3])).toBeNull();
  expect(kendallTauB([1, 2, 3], [0, -0, 0])).toBeNull();
  expect(kendallTauA([1, 1, 1], [1, 2, 3])).toBe(0);
  for (const tau of [kendallTauA, kendallTauB]) {
    expect(tau([], [])).toBeNull();
    expect(tau([1], [1])).toBeNull();
  }
});

test('refuses NaN and unequal lengths', () => {
  expect(() => kendallTauB([1, Number.NaN], [1, 2])).toThrow(/not a number/);
  expect(() => kendallTauB([1, 2], [1])).toThrow(/2 and 1 values/);
  expect(kendallTauB([Number.NEGATIVE_INFINITY, 0, 1], [1, 2, 3])).toBe(1);
});

// Few distinct values: ties of every kind.
const tied = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })), { maxLength: 70 });
const wide = fc.array(
  fc.tuple(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), fc.float({ noNaN: true, min: -9, max: 9 })),
  {
    maxLength: 70,
  },
);

test('equals the pair-by-pair definition', () => {
  fc.assert(
    fc.property(fc.oneof(tied, wide), rows => {
      const x = rows.map(row => row[0]);
      const y = rows.map(row => row[1]);
      const { a, b } = reference(x, y);
      if (b === null) expect(kendallTauB(x, y)).toBeNull();
      else expect(kendallTauB(x, y)).toBeCloseTo(b, 12);
      if (a === null) expect(kendallTauA(x, y)).toBeNull();
      else expect(kendallTauA(x, y)).toBeCloseTo(a, 12);
    }),
    { numRuns: 500 },
  );
});

test('is symmetric, bounded, odd, and invariant under monotone maps', () => {
  fc.assert(
    fc.property(tied, rows => {
      const x = rows.map(row => row[0]);
      const y = rows.map(row => row[1]);
      const tau = kendallTauB(x, y);
      expect(kendallTauB(y, x)).toEqual(tau);
      if (tau === null) return;
      expect(Math.abs(tau)).toBeLessThanOrEqual(1);
      expect(
        kendallTauB(
          x.map(v => Math.exp(v)),
          y.map(v => v ** 3 - 7),
        ),
      ).toBe(tau);
      expect(
        kendallTauB(
          x,
          y.map(v => -v),
        ),
      ).toBeCloseTo(-tau, 14);
      expect(kendallTauB([...x].reverse(), [...y].reverse())).toBe(tau);
      expect(kendallTauB(x, x)).toBeCloseTo(1, 14);
    }),
  );
});

test('counts exactly for long rankings', () => {
  const x = fillUniform(randomStream(1), new Float64Array(200_000));
  expect(kendallTauB(x, x)).toBe(1);
  expect(
    kendallTauB(
      x,
      x.map(v => -v),
    ),
  ).toBe(-1);
  expect(Math.abs(kendallTauB(x, fillUniform(randomStream(2), new Float64Array(200_000)))!)).toBeLessThan(0.01);
});
