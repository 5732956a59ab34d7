/**
 * Spearman's rank correlation of paired values: Pearson's of their ranks, tied values with the mean
 * of their ranks. Null with fewer than two pairs, or where all values of one side are equal.
 *
 * @throws RangeError if lengths differ
 */
export function spearman(x: readonly number[], y: readonly number[]): number | null {
  if (x.length !== y.length) throw new RangeError(`spearman: ${x.length} and ${y.length} values`);
  const [a, b] = [centredRanks(x), centredRanks(y)];
  const sum = (p: readonly number[], q: readonly number[]) => p.reduce((total, each, i) => total + each * q[i]!, 0);
  const [aa, bb] = [sum(a, a), sum(b, b)];
  return aa === 0 || bb === 0 ? null : sum(a, b) / Math.sqrt(aa * bb);
}

/** Ranks less their mean. */
function centredRanks(values: readonly number[]): readonly number[] {
  const n = values.length;
  const order = values.map((_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const ranks = Array<number>(n).fill(0);
  for (let start = 0; start < n; ) {
    let end = start + 1;
    while (end < n && values[order[end]!] === values[order[start]!]) end++;
    // Places start ... end - 1, of which the mean of all is (n - 1) / 2.
    for (let place = start; place < end; place++) ranks[order[place]!] = (start + end - 1) / 2 - (n - 1) / 2;
    start = end;
  }
  return ranks;
}
