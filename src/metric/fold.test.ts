import { expect, test } from 'vitest';
import { foldExamples, notMeasured } from './fold.ts';

test('mean over examples, then over layers', () => {
  expect(
    foldExamples(
      [
        [1, 0.5],
        [0, 0.25],
      ],
      'x',
    ),
  ).toEqual({ value: 0.4375, perLayer: [0.5, 0.375], n: 2 });
});

test('an undefined value is left out of its layer, counted, and does not weigh on the others', () => {
  expect(
    foldExamples(
      [
        [1, null],
        [0, 0.25],
        [null, null],
      ],
      'x',
    ),
  ).toEqual({ value: 0.375, perLayer: [0.5, 0.25], n: 2, skipped: 3 });
});

test('a layer without any value is null with the reason, and left out of the mean', () => {
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
  });
});

test('nothing defined: null, never 0 or NaN', () => {
  expect(foldExamples([[null, null]], 'the update is zero')).toEqual({
    value: null,
    perLayer: [null, null],
    n: 0,
    skipped: 2,
    why: 'the update is zero in every example and layer',
  });
  expect(foldExamples([], 'x')).toEqual({ value: null, perLayer: [], n: 0, why: 'no examples' });
  expect(notMeasured('because')).toEqual({ value: null, perLayer: [], n: 0, why: 'because' });
});

test('examples of another depth are refused', () => {
  expect(() => foldExamples([[1, 2], [1]], 'x')).toThrow(/2 and of 1 layers/);
});
