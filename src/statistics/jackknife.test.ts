import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jackknife } from './jackknife.ts';
import { meanWithInterval, pairedT } from './paired-t.ts';

const meanOf = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
const without = (values: readonly number[]) => values.map((_, i) => meanOf(values.toSpliced(i, 1)));

test('is the t interval for a mean', () => {
  const value = fc.integer({ min: -1000, max: 1000 });
  fc.assert(
    fc.property(fc.array(value, { minLength: 2, maxLength: 12 }), values => {
      fc.pre(new Set(values).size > 1);
      const { low, high, error } = meanWithInterval(values)!;
      const found = jackknife(meanOf(values), [{ noun: 'row', replicates: without(values) }]);
      expect([found.low!, found.high!, found.error!]).toBeAllClose([low!, high!, error], 1e-8);
      expect(found.df).toBe(values.length - 1);
      const zeros = new Float64Array(values.length);
      expect(found.p! / pairedT(values, zeros)!.p!).toBeCloseTo(1, 6);
    }),
  );
});

test('variances of two factors add up; the degrees of freedom are those of the first', () => {
  const [seeds, rows] = [
    [1, 2, 4],
    [0, 1, 0, 1, 5],
  ];
  const a = jackknife(1, [{ noun: 'seed', replicates: without(seeds) }]);
  const b = jackknife(1, [{ noun: 'row', replicates: without(rows) }]);
  const both = jackknife(1, [
    { noun: 'seed', replicates: without(seeds) },
    { noun: 'row', replicates: without(rows) },
  ]);
  expect(both.error).toBeCloseTo(Math.hypot(a.error!, b.error!), 12);
  expect(both.df).toBe(2);
});

test('a ratio of sums, by hand', () => {
  // (1 + 3) / (2 + 4) without the one or the other: 3/4, 1/2; V = 1/2 (1/8)^2 2 = 1/64.
  const { error, df, low } = jackknife(2 / 3, [{ noun: 'row', replicates: [3 / 4, 1 / 2] }]);
  expect([error, df]).toEqual([1 / 8, 1]);
  expect(low).toBeCloseTo(2 / 3 - 12.706204736174694 / 8, 10);
});

test('gives no interval if a replicate is undefined, all are equal, or there is only one', () => {
  const none = { value: 1, low: null, high: null, df: null, p: null };
  const rows = (replicates: readonly (number | null)[]) => jackknife(1, [{ noun: 'row', replicates }]);
  expect(rows([1, null, 2])).toEqual({ ...none, error: null, why: 'undefined without one row (1 of 3)' });
  expect(rows([1, 1, 1 + 1e-16])).toEqual({ ...none, error: 0, why: 'the same without any row' });
  expect(rows([1])).toEqual({ ...none, error: null, why: 'fewer than two rows' });
  expect(() => jackknife(1, [])).toThrow(RangeError);
});
