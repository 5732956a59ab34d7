import { expect } from 'vitest';
import { largestDifference, relativeDifference } from './reference/difference.ts';

type Numbers = ArrayLike<number>;

expect.extend({
  /**
   * Passes when the arrays have one length and no element differs by more than `tolerance`; prints
   * the largest difference.
   */
  toBeAllClose(actual: Numbers, expected: Numbers, tolerance = 1e-6) {
    if (actual.length !== expected.length) return lengthsDiffer(actual, expected);
    const { difference, index } = largestDifference(actual, expected);
    return {
      pass: difference <= tolerance,
      message: () =>
        `largest difference ${difference} at index ${index} (${actual[index]} against ${expected[index]}), tolerance ${tolerance}`,
    };
  },

  /**
   * Passes when the arrays have one length and no element differs by more than `tolerance` times
   * the root mean square of `sizeOf` (`expected` unless given); prints the largest difference as a
   * share of it.
   */
  toBeRelativelyClose(actual: Numbers, expected: Numbers, tolerance: number, sizeOf: Numbers = expected) {
    if (actual.length !== expected.length) return lengthsDiffer(actual, expected);
    const { share, size, index } = relativeDifference(actual, expected, sizeOf);
    return {
      pass: share <= tolerance,
      message: () =>
        `largest difference ${share} of the root mean square ${size}, at index ${index} ` +
        `(${actual[index]} against ${expected[index]}), tolerance ${tolerance}`,
    };
  },
});

function lengthsDiffer(actual: Numbers, expected: Numbers) {
  return { pass: false, message: () => `lengths differ: ${actual.length} and ${expected.length}` };
}

declare module 'vitest' {
  interface Matchers<T> {
    toBeAllClose(expected: ArrayLike<number>, tolerance?: number): T;
    toBeRelativelyClose(expected: ArrayLike<number>, tolerance: number, sizeOf?: ArrayLike<number>): T;
  }
}
