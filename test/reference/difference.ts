/** @file How far arrays are from each other, for the matchers and for `npm run parity`. */

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

/** sqrt(mean x^2) over the elements that are not NaN. */
export function rootMeanSquare(x: Numbers): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i]!)) continue;
    sum += x[i]! ** 2;
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
}

/**
 * The largest difference as a share of the root mean square of `sizeOf`: how many digits of a
 * tensor agree, whatever its size.
 */
export function relativeDifference(actual: Numbers, expected: Numbers, sizeOf: Numbers = expected) {
  const { difference, index } = largestDifference(actual, expected);
  const size = rootMeanSquare(sizeOf);
  return { share: difference === 0 ? 0 : difference / size, size, index };
}
