import { expect, test } from 'vitest';
import { accuracyTests } from './accuracy-tests.ts';

const gold = [1, 1, 1, 1, 1, 1];

test('tests every pair of settings once, the later one first, adjusted together', () => {
  const found = accuracyTests(gold, [
    { name: 'a', predicted: [0, 0, 0, 0, 1, 1] },
    { name: 'b', predicted: [1, 1, 1, 0, 1, 0] },
    { name: 'c', predicted: [1, 1, 1, 1, 1, 1] },
  ]);
  // mid-p by hand: 2 P(X <= k) - P(X = k) of n fair coins.
  const [three, four, two] = [2 * (5 / 16) - 4 / 16, 1 / 16, 1 / 4];
  expect(found).toEqual([
    { first: 'b', second: 'a', onlyFirst: 3, onlySecond: 1, p: three, adjusted: 2 * two },
    { first: 'c', second: 'a', onlyFirst: 4, onlySecond: 0, p: four, adjusted: 3 * four },
    { first: 'c', second: 'b', onlyFirst: 2, onlySecond: 0, p: two, adjusted: 2 * two },
  ]);
});

test('settings that are right on the same rows have no p, with why', () => {
  const predicted = [1, 0, 1, 0, 1, 0];
  expect(
    accuracyTests(gold, [
      { name: 'a', predicted },
      { name: 'b', predicted },
    ]),
  ).toEqual([
    {
      ...{ first: 'b', second: 'a', onlyFirst: 0, onlySecond: 0, p: null, adjusted: null },
      why: 'both get the same rows right',
    },
  ]);
  expect(accuracyTests(gold, [{ name: 'a', predicted }])).toEqual([]);
});
