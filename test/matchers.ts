import { expect } from 'vitest';

type Numbers = ArrayLike<number>;

/** Largest |actual - expected| and where it is; NaN only matches NaN. */
export function largestDifference(actual: Numbers, expected: Numbers): { difference: number; index: number } {
  let worst = { difference: 0, index: -1 };
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]!;
    const e = expected[i]!;
    const difference = Number.isNaN(a) && Number.isNaN(e) ? 0 : a === e ? 0 : Math.abs(a - e);
    if (Number.isNaN(difference)) return { difference: Number.POSITIVE_INFINITY, index: i };
    if (difference > worst.difference) worst = { difference, index: i };
  }
  return worst;
}

expect.extend({
  /** Passes when the arrays have one length and no element differs by more than `tolerance`; prints the largest difference. */
  toBeAllClose(actual: Numbers, expected: Numbers, tolerance = 1e-6) {
    if (actual.length !== expected.length) {
      return { pass: false, message: () => `lengths differ: ${actual.length} and ${expected.length}` };
    }
    const { difference, index } = largestDifference(actual, expected);
    return {
      pass: difference <= tolerance,
      message: () =>
        `largest difference ${difference} at index ${index} (${actual[index]} against ${expected[index]}), tolerance ${tolerance}`,
    };
  },
});

declare module 'vitest' {
  interface Matchers<T> {
    toBeAllClose(expected: ArrayLike<number>, tolerance?: number): T;
  }
}
