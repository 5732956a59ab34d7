/** Below this length insertion sort is faster than merging. */
const BLOCK = 8;

/** Pairs of two rankings: all, tied in x, tied in y, and concordant minus discordant. */
interface PairCounts {
  readonly pairs: number;
  readonly tiedX: number;
  readonly tiedY: number;
  readonly balance: number;
}

/**
 * Kendall's tau-b of paired values: (C - D) / sqrt((n0 - tx)(n0 - ty)), with C concordant and D
 * discordant pairs, n0 all pairs, tx and ty the pairs tied in x and in y. Null if x or y is
 * constant or there are fewer than two values. O(n log n) by Knight's algorithm.
 */
export function kendallTauB(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const { pairs, tiedX, tiedY, balance } = countPairs(x, y);
  if (pairs === tiedX || pairs === tiedY) return null;
  // One root of the product, so that identical rankings give exactly 1.
  return balance / Math.sqrt((pairs - tiedX) * (pairs - tiedY));
}

/**
 * Kendall's tau-a, the formula in Dai et al.: (C - D) / n0. Null with fewer than two values. O(n
 * log n).
 */
export function kendallTauA(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const { pairs, balance } = countPairs(x, y);
  return pairs === 0 ? null : balance / pairs;
}

function countPairs(x: ArrayLike<number>, y: ArrayLike<number>): PairCounts {
  const n = x.length;
  if (y.length !== n) throw new RangeError(`kendall: ${n} and ${y.length} values`);
  const order = new Int32Array(n);
  const spare = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    if (Number.isNaN(x[i]!) || Number.isNaN(y[i]!)) throw new Error(`kendall: value ${i} is not a number`);
    order[i] = i;
  }
  // Sorted by x, and by y within ties of x, the inversions in y are exactly the discordant pairs.
  const byX = Float64Array.from(x);
  const byY = Float64Array.from(y);
  sortCountingInversions(order, spare, byX, 0, n);
  let tiedX = 0;
  let tiedBoth = 0;
  for (const [start, end] of runsOfEquals(order, byX, 0, n)) {
    tiedX += pairsOf(end - start);
    sortCountingInversions(order, spare, byY, start, end);
    for (const [from, to] of runsOfEquals(order, byY, start, end)) tiedBoth += pairsOf(to - from);
  }
  const discordant = sortCountingInversions(order, spare, byY, 0, n);
  let tiedY = 0;
  for (const [start, end] of runsOfEquals(order, byY, 0, n)) tiedY += pairsOf(end - start);
  const pairs = pairsOf(n);
  return { pairs, tiedX, tiedY, balance: pairs - tiedX - tiedY + tiedBoth - 2 * discordant };
}

function pairsOf(n: number): number {
  return (n * (n - 1)) / 2;
}

/** [start, end) of every run of two or more equal keys in sorted `order`. */
function runsOfEquals(order: Int32Array, keys: Float64Array, start: number, end: number): [number, number][] {
  const runs: [number, number][] = [];
  let first = start;
  for (let i = start + 1; i <= end; i++) {
    if (i < end && keys[order[i]!] === keys[order[first]!]) continue;
    if (i - first > 1) runs.push([first, i]);
    first = i;
  }
  return runs;
}

/**
 * Sorts the indices `order[begin, end)` by `keys`, stably, and returns the number of inversions.
 * Insertion sort of short blocks, then bottom-up merges through `spare`, of the same length.
 */
function sortCountingInversions(
  order: Int32Array,
  spare: Int32Array,
  keys: Float64Array,
  begin: number,
  end: number,
): number {
  let inversions = 0;
  for (let block = begin; block < end; block += BLOCK) {
    const blockEnd = Math.min(block + BLOCK, end);
    for (let i = block + 1; i < blockEnd; i++) {
      const index = order[i]!;
      const key = keys[index]!;
      let j = i;
      for (; j > block && keys[order[j - 1]!]! > key; j--) order[j] = order[j - 1]!;
      order[j] = index;
      inversions += i - j;
    }
  }
  let from = order;
  let to = spare;
  for (let width = BLOCK; width < end - begin; width *= 2) {
    for (let start = begin; start < end; start += 2 * width) {
      inversions += merge(from, to, keys, start, Math.min(start + width, end), Math.min(start + 2 * width, end));
    }
    [from, to] = [to, from];
  }
  if (from !== order) for (let i = begin; i < end; i++) order[i] = from[i]!;
  return inversions;
}

/**
 * Merges the sorted `from[start, middle)` and `from[middle, end)` into `to[start, end)`; returns
 * the number of inversions.
 */
function merge(
  from: Int32Array,
  to: Int32Array,
  keys: Float64Array,
  start: number,
  middle: number,
  end: number,
): number {
  let inversions = 0;
  let left = start;
  let right = middle;
  let out = start;
  while (left < middle && right < end) {
    if (keys[from[left]!]! <= keys[from[right]!]!) {
      to[out++] = from[left++]!;
    } else {
      inversions += middle - left;
      to[out++] = from[right++]!;
    }
  }
  while (left < middle) to[out++] = from[left++]!;
  while (right < end) to[out++] = from[right++]!;
  return inversions;
}
