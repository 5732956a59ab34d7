/** @file Plain means. */

export function meanOf(values: ArrayLike<number>): number {
  return sumOf(values) / values.length;
}

/** Elementwise mean of lists of one length. */
export function meanOfEach(lists: readonly ArrayLike<number>[]): number[] {
  return Array.from(lists[0]!, (_, i) => lists.reduce((sum, list) => sum + list[i]!, 0) / lists.length);
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}
