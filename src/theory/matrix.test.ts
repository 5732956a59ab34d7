import { expect, test } from 'vitest';
import {
  dot,
  identity,
  largestDifference,
  matrix,
  norm,
  outer,
  product,
  row,
  stack,
  sum,
  sumOfOuterProducts,
  times,
  transposed,
} from './matrix.ts';

const vec = (...entries: number[]) => Float64Array.from(entries);
const A = stack([vec(1, 2, 3), vec(4, 5, 6)]);

test('products by hand', () => {
  expect(times(A, vec(1, 0, -1))).toEqual(vec(-2, -2));
  expect(product(A, transposed(A)).data).toEqual(vec(14, 32, 32, 77));
  expect(outer(vec(1, 2), vec(3, 4)).data).toEqual(vec(3, 4, 6, 8));
  expect(sumOfOuterProducts(A, A).data).toEqual(product(transposed(A), A).data);
  expect(product(A, identity(3)).data).toEqual(A.data);
  expect(sum(A, A, -0.5).data).toEqual(vec(0.5, 1, 1.5, 2, 2.5, 3));
  expect(row(A, 1)).toEqual(vec(4, 5, 6));
  expect(dot(vec(1, 2), vec(3, 4))).toBe(11);
  expect(norm(vec(3, 4))).toBe(5);
});

test('refuses sizes that do not fit', () => {
  expect(() => times(A, vec(1, 2))).toThrow('times: sizes 3 and 2 do not fit');
  expect(() => product(A, A)).toThrow(RangeError);
  expect(() => sum(A, matrix(3, 2))).toThrow(RangeError);
});

test('a NaN difference is NaN', () => {
  expect(largestDifference(vec(1, Number.NaN), vec(1, 2))).toBeNaN();
  expect(largestDifference(vec(1, -5), vec(2, 2))).toBe(7);
});
