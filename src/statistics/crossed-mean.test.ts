import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crossedDeviations, crossedMean } from './crossed-mean.ts';
import { pairedT } from './paired-t.ts';

test('two seeds and three rows by hand', () => {
  // MS_d = 6, MS_i = 4.5, MS_e = 0.5; V = 10/6; df = 100 / (36 + 20.25/2 + 0.25/2) = 2.16.
  const { value, error, df, low, high, p } = crossedMean([
    [1, 2, 3],
    [2, 4, 6],
  ]);
  expect([value, df]).toEqual([3, 2]);
  expect(error).toBeCloseTo(Math.sqrt(10 / 6), 14);
  expect([low!, high!]).toBeAllClose([3 - 4.302652729749462 * error!, 3 + 4.302652729749462 * error!], 1e-10);
  // Two degrees of freedom: p = 1 - t / sqrt(2 + t^2).
  const t = 3 / error!;
  expect(p).toBeCloseTo(1 - t / Math.sqrt(2 + t * t), 12);
});

test('is the t interval of the means if only seeds, or only rows, vary', () => {
  const values = [0.3, 0.9, 0.4, 0.1];
  const { low, high } = pairedT(values, [0, 0, 0, 0])!;
  for (const table of [values.map(x => Array(5).fill(x)), Array(5).fill(values)]) {
    const found = crossedMean(table);
    expect([found.low!, found.high!]).toBeAllClose([low!, high!], 1e-12);
    expect(found.df).toBe(3);
  }
});

test('does not subtract a negative component: takes the larger of the two other terms, with its own degrees of freedom', () => {
  // MS_d = 1.5, MS_i = 0.25, MS_e = 3.25: the sum is negative.
  const { error, df } = crossedMean([
    [0, 2, 1],
    [3, 1, 2],
  ]);
  expect(df).toBe(1);
  expect(error).toBeCloseTo(Math.sqrt(1.5 / 6), 14);
});

test('of equal terms, which rounding orders, takes the fewest degrees of freedom', () => {
  // MS_d = MS_i = 25/6, with 1 and 2 degrees of freedom.
  const table = [
    [-26, -11, 0],
    [-2, -17, -23],
  ];
  for (const shift of [0, 7, 0.1]) {
    const found = crossedMean(table.map(row => row.map(y => y + shift)));
    expect(found.df).toBe(1);
    expect(found.error).toBeCloseTo(5 / 6, 12);
  }
});

test('gives no interval, with why, if nothing varies or the table is too small', () => {
  const none = { low: null, high: null, df: null, p: null };
  expect(crossedMean([[1, 2]])).toEqual({ value: 1.5, ...none, error: null, why: 'fewer than two seeds' });
  expect(crossedMean([[1], [2]])).toEqual({ value: 1.5, ...none, error: null, why: 'fewer than two rows' });
  const same = [
    [0.3, 0.3],
    [0.3, 0.1 + 0.2],
  ];
  expect(crossedMean(same)).toEqual({ value: 0.3, ...none, error: 0, why: 'all values are the same' });
  const balanced = [
    [0.1, 0.2],
    [0.2, 0.1],
  ];
  expect(crossedMean(balanced)).toMatchObject({ ...none, error: 0, why: expect.stringContaining('means') });
  expect(() => crossedMean([[1, 2], [3]])).toThrow(RangeError);
  expect(() => crossedMean([])).toThrow(RangeError);
});

test('does not depend on the order of rows and seeds or on swapping them; a constant shifts the interval', () => {
  const value = fc.integer({ min: -50, max: 50 });
  fc.assert(
    fc.property(
      fc
        .integer({ min: 2, max: 5 })
        .chain(R => fc.array(fc.array(value, { minLength: R, maxLength: R }), { minLength: 2, maxLength: 5 })),
      table => {
        const found = crossedMean(table);
        const near = (x: number | null) => (x === null ? null : expect.closeTo(x, 9));
        const same = {
          ...found,
          value: near(found.value),
          low: near(found.low),
          high: near(found.high),
          error: near(found.error),
          p: near(found.p),
        };
        expect(crossedMean(table.toReversed().map(row => row.toReversed()))).toEqual(same);
        const { low, high, df } = crossedMean(table[0]!.map((_, i) => table.map(row => row[i]!)));
        expect([low, high, df]).toEqual([same.low, same.high, found.df]);
        if (found.low === null) return;
        expect(crossedMean(table.map(row => row.map(y => y + 7))).low).toBeCloseTo(found.low + 7, 9);
      },
    ),
  );
});

test('deviations are those of which the mean squares consist', () => {
  // MS_d = 6, MS_i = 4.5, MS_e = 0.5.
  const { seeds, rows, rest } = crossedDeviations([
    [1, 2, 3],
    [2, 4, 6],
  ]);
  expect([seeds, rows, rest]).toBeAllClose([Math.sqrt(5.5 / 3), Math.sqrt(2), Math.sqrt(0.5)], 1e-12);
  expect(
    crossedDeviations([
      [0, 2, 1],
      [3, 1, 2],
    ]).seeds,
  ).toBe(0);
  expect(() => crossedDeviations([[1, 2]])).toThrow(RangeError);
});
