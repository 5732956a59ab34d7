import { expect, test } from 'vitest';
import { matchingTest } from './matching.ts';
import { randomStream, uniform } from './random.ts';

test('two rows by hand: both matchings are equally far from their mean', () => {
  expect(
    matchingTest([
      [3, 1],
      [0, 4],
    ]),
  ).toEqual({ difference: 3, p: 1, n: 2 });
});

test('three rows by hand: 6 matchings, of which the identity and another are farthest', () => {
  const table = [
    [6, 0, 0],
    [0, 6, 0],
    [0, 0, 6],
  ];
  // Means of the matchings: 6, three times 2, twice 0; of the table: 2.
  expect(matchingTest(table)).toEqual({ difference: 6, p: 1 / 6, n: 3 });
  const anti = table.map(row => row.map(x => -x));
  expect(matchingTest(anti)).toEqual({ difference: -6, p: 1 / 6, n: 3 });
});

test('a constant of a row or column changes nothing but rounding', () => {
  const stream = randomStream(1);
  const table = Array.from({ length: 5 }, () => Array.from({ length: 5 }, () => uniform(stream)));
  const shifted = table.map((row, i) => row.map((x, j) => x + i * 0.7 - j * 1.3));
  const [plain, moved] = [matchingTest(table)!, matchingTest(shifted)!];
  expect(moved.p).toBe(plain.p);
  expect(moved.difference).toBeCloseTo(plain.difference, 12);
});

test('without an effect p is uniform: at most 5 % of the tables are below 0.05', () => {
  const stream = randomStream(2);
  const tables = Array.from({ length: 400 }, () =>
    Array.from({ length: 5 }, () => Array.from({ length: 5 }, () => uniform(stream))),
  );
  const ps = tables.map(table => matchingTest(table)!.p!);
  expect(ps.filter(p => p <= 0.05).length / ps.length).toBeCloseTo(0.05, 1);
  expect(ps.reduce((sum, p) => sum + p, 0) / ps.length).toBeCloseTo(0.5, 1);
});

test('has no p without spread', () => {
  const additive = [0.1, 0.2, 0.3].map(a => [0.7, 0.9, 1.3].map(b => a + b));
  expect(matchingTest(additive)).toMatchObject({ p: null, why: 'every matching has the same mean', n: 3 });
});

test('refuses too many rows and tables that are not square; null with too few', () => {
  expect(matchingTest([[1]])).toBeNull();
  expect(() => matchingTest(Array.from({ length: 10 }, () => Array(10).fill(0)))).toThrow('10 rows; 9 at most');
  expect(() => matchingTest([[1, 2]])).toThrow('not square');
});
