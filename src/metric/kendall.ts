/** Pairs of two rankings: all, tied in x, tied in y, and concordant less discordant. */
interface PairCounts {
  readonly pairs: number;
  readonly tiedX: number;
  readonly tiedY: number;
  readonly balance: number;
}

/**
 * Kendall's tau-b of paired values: (C - D) / sqrt((n0 - tx)(n0 - ty)), with C concordant and D discordant pairs, n0 all
 * pairs, tx and ty the pairs tied in x and in y. Null when x or y is constant or there are fewer than two values.
 * O(n log n) by Knight's algorithm.
 */
export function kendallTauB(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const { pairs, tiedX, tiedY, balance } = countPairs(x, y);
  if (pairs === tiedX || pairs === tiedY) return null;
  // One root of the product: equal counts give back the count itself, and identical rankings exactly 1.
  return balance / Math.sqrt((pairs - tiedX) * (pairs - tiedY));
}

/** Kendall's tau-a, the formula that Dai et al. print: (C - D) / n0. Null with fewer than two values. O(n log n). */
export function kendallTauA(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const { pairs, balance } = countPairs(x, y);
  return pairs === 0 ? null : balance / pairs;
}

function countPairs(x: ArrayLike<number>, y: ArrayLike<number>): PairCounts {
  const n = x.length;
  if (y.length !== n) throw new RangeError(`kendall: ${n} and ${y.length} values`);
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    if (Number.isNaN(x[i]!) || Number.isNaN(y[i]!)) throw new Error(`kendall: value ${i} is not a number`);
    order[i] = i;
  }
  const spare = new Int32Array(n);
  // By x, and by y where x ties: then what is out of order in y are the discordant pairs, no tie among them.
  sortCountingInversions(order, spare, y);
  sortCountingInversions(order, spare, x);
  let tiedX = 0;
  let tiedBoth = 0;
  for (let i = 1, runX = 0, runBoth = 0; i < n; i++) {
    const sameX = x[order[i]!] === x[order[i - 1]!];
    // The i-th of a run of equals ties with all that came before it in the run.
    runX = sameX ? runX + 1 : 0;
    runBoth = sameX && y[order[i]!] === y[order[i - 1]!] ? runBoth + 1 : 0;
    tiedX += runX;
    tiedBoth += runBoth;
  }
  const discordant = sortCountingInversions(order, spare, y);
  let tiedY = 0;
  for (let i = 1, run = 0; i < n; i++) {
    run = y[order[i]!] === y[order[i - 1]!] ? run + 1 : 0;
    tiedY += run;
  }
  const pairs = (n * (n - 1)) / 2;
  return { pairs, tiedX, tiedY, balance: pairs - tiedX - tiedY + tiedBoth - 2 * discordant };
}

/**
 * Sorts the indices `order` by `keys`, stably, and returns how many pairs stood strictly in the wrong order.
 * Bottom-up merge sort; `spare` is room of the same length.
 */
function sortCountingInversions(order: Int32Array, spare: Int32Array, keys: ArrayLike<number>): number {
  const n = order.length;
  let inversions = 0;
  let from = order;
  let to = spare;
  for (let width = 1; width < n; width *= 2) {
    for (let start = 0; start < n; start += 2 * width) {
      const middle = Math.min(start + width, n);
      const end = Math.min(start + 2 * width, n);
      let left = start;
      let right = middle;
      for (let out = start; out < end; out++) {
        if (left < middle && (right === end || keys[from[left]!]! <= keys[from[right]!]!)) {
          to[out] = from[left++]!;
        } else {
          inversions += middle - left;
          to[out] = from[right++]!;
        }
      }
    }
    [from, to] = [to, from];
  }
  if (from !== order) order.set(from);
  return inversions;
}
