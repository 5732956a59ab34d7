import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mapOf, softmaxAttention } from './attention-head.ts';
import { drawFrom } from './draw.ts';
import { dot, largestDifference, matrix, norm, scaled, stack, times } from './matrix.ts';
import {
  checkSoftmaxKernel,
  firstOrderAttention,
  kernelAttention,
  kernelExample,
  kernelHead,
  randomFeatures,
  relativeError,
  shareOf,
  taylorExponential,
  taylorFeatures,
} from './softmax-kernel.ts';

test('features of the Taylor polynomial, for all sizes and orders', () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 4 }), (seed, width, order) => {
      const draw = drawFrom(seed);
      const [x, y] = [draw.vector(width), draw.vector(width)];
      const features = taylorFeatures(order);
      const kernel = taylorExponential(dot(x, y), order);
      expect(Math.abs(dot(features(x), features(y)) - kernel)).toBeLessThan(1e-10 * (1 + Math.abs(kernel)));
    }),
  );
});

test('order 1 by hand', () => {
  expect(taylorFeatures(1)(Float64Array.of(2, 3))).toEqual(Float64Array.of(1, 2, 3));
  expect(taylorExponential(0.5, 2)).toBe(1.625);
});

test('random features estimate exp without bias, and attention better with more features', () => {
  const { tokens, query, directions, width } = kernelExample(3);
  const [x, y] = [scaled(query, 0.5), Float64Array.of(0.3, -0.2, 0.4, 0.1)];
  const features = randomFeatures(directions(200_000));
  expect(dot(features(x), features(y)) / Math.exp(dot(x, y))).toBeCloseTo(1, 1);
  const exact = softmaxAttention(tokens, x, 1);
  const errorOf = (count: number) => {
    const some = randomFeatures(drawFrom(1, count).matrix(count, width));
    return relativeError(kernelAttention(kernelHead(tokens, some), some, x), exact);
  };
  expect(errorOf(20_000)).toBeLessThan(errorOf(20));
});

test('equal keys: first order, softmax and the mean of the values are the same', () => {
  const tokens = { keys: matrix(3, 2, () => 0.7), values: stack([1, 2, 6].map(x => Float64Array.of(x))) };
  expect(firstOrderAttention(tokens, Float64Array.of(1, 2), 1)[0]).toBeCloseTo(3, 14);
  expect(softmaxAttention(tokens, Float64Array.of(1, 2), 1)[0]).toBeCloseTo(3, 14);
  expect(shareOf(tokens, tokens, Float64Array.of(1, 2))).toBeCloseTo(0.5, 14);
});

test('the relaxed head of eq. 11 is not the limit of small scores', () => {
  const { tokens, query } = kernelExample(4);
  const small = scaled(query, 1e-6);
  const exact = softmaxAttention(tokens, small, 1);
  expect(largestDifference(firstOrderAttention(tokens, small, 1), exact)).toBeLessThan(1e-10);
  // It vanishes with the scores, where softmax attention becomes the mean of the values: its error
  // is as large as the output.
  expect(relativeError(times(mapOf(tokens), small), exact)).toBeCloseTo(1, 4);
  expect(relativeError(scaled(times(mapOf(tokens), small), 1 / norm(small)), exact)).toBeGreaterThan(0.5);
});

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('the checks hold with seed %i', seed => {
  for (const { claim, passed } of checkSoftmaxKernel(seed)) expect(passed, claim).toBe(true);
});
