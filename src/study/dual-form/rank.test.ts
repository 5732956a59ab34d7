import { expect, test } from 'vitest';
import { drawFrom } from '../../theory/draw.ts';
import { identity, outer, product, scaledMatrix, sum } from '../../theory/matrix.ts';
import { rankOf } from './rank.ts';

test('n equal singular values: rank n; the first has a share of 1/n', () => {
  const { numerical, effective, first } = rankOf(scaledMatrix(identity(5), -3));
  expect(numerical).toBe(5);
  expect(effective).toBeCloseTo(5, 12);
  expect(first).toBeCloseTo(1 / 5, 12);
});

test('an outer product has rank one, a sum of two has two', () => {
  const draw = drawFrom(1);
  const one = outer(draw.vector(6), draw.vector(4));
  expect(rankOf(one).numerical).toBe(1);
  expect(rankOf(one).effective).toBeCloseTo(1, 6);
  expect(rankOf(sum(one, outer(draw.vector(6), draw.vector(4)))).numerical).toBe(2);
});

test('more columns than rows', () => {
  const draw = drawFrom(2);
  expect(rankOf(product(draw.matrix(7, 3), draw.matrix(3, 9))).numerical).toBe(3);
});
