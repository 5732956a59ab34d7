import { expect, test } from 'vitest';
import { differenceOf, foldExamples, notMeasured } from './fold.ts';

const interval = { low: expect.any(Number), high: expect.any(Number) };
const none = { low: null, high: null, why: 'there is no value' };

test('mean over examples, then over layers', () => {
  expect(
    foldExamples(
      [
        [1, 0.5],
        [0, 0.25],
      ],
      'x',
    ),
  ).toEqual({ value: 0.4375, perLayer: [0.5, 0.375], n: 2, interval });
});

test('leaves an undefined value out of its layer, counts it, and keeps the weights of the others', () => {
  expect(
    foldExamples(
      [
        [1, null],
        [0, 0.25],
        [null, null],
      ],
      'x',
    ),
  ).toEqual({ value: 0.375, perLayer: [0.5, 0.25], n: 2, skipped: 3, interval });
});

test('a layer without a value is null with the reason, and left out of the mean', () => {
  expect(
    foldExamples(
      [
        [null, 1, null],
        [null, 0, null],
      ],
      'the update is zero',
    ),
  ).toEqual({
    value: 0.5,
    perLayer: [null, 0.5, null],
    n: 2,
    skipped: 4,
    why: 'the update is zero in every example of layers 0, 2',
    interval,
  });
});

test('nothing defined: null, never 0 or NaN', () => {
  expect(foldExamples([[null, null]], 'the update is zero')).toEqual({
    value: null,
    perLayer: [null, null],
    n: 0,
    skipped: 2,
    why: 'the update is zero in every example and layer',
    interval: none,
  });
  expect(foldExamples([], 'x')).toEqual({ value: null, perLayer: [], n: 0, why: 'no examples', interval: none });
  expect(notMeasured('because')).toEqual({ value: null, perLayer: [], n: 0, why: 'because', interval: none });
});

test('refuses examples with different numbers of layers', () => {
  expect(() => foldExamples([[1, 2], [1]], 'x')).toThrow(/2 and of 1 layers/);
});

test('takes a difference layer by layer, undefined if one side is', () => {
  expect(differenceOf([1, null, 3], [0.5, 2, null])).toEqual([0.5, null, null]);
  expect(differenceOf(undefined, [1])).toBeUndefined();
  expect(differenceOf([1], undefined)).toBeUndefined();
});
