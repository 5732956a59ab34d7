/**
 * Share of predicted label ids that equal the gold ones, 0 to 1. Null without examples.
 * @throws RangeError if lengths differ
 */
export function accuracy(gold: ArrayLike<number>, predicted: ArrayLike<number>): number | null {
  const n = gold.length;
  return n === 0 ? null : correct(gold, predicted) / n;
}

/** Number of predicted label ids that equal the gold ones. @throws RangeError if lengths differ */
export function correct(gold: ArrayLike<number>, predicted: ArrayLike<number>): number {
  if (predicted.length !== gold.length) {
    throw new RangeError(`accuracy: ${gold.length} gold labels and ${predicted.length} predictions`);
  }
  let count = 0;
  for (let i = 0; i < gold.length; i++) if (predicted[i] === gold[i]) count++;
  return count;
}

/**
 * Numbers of examples that only one of two settings gets right, for a paired test of their
 * accuracies.
 */
export function discordant(
  gold: ArrayLike<number>,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): { readonly onlyFirst: number; readonly onlySecond: number } {
  let onlyFirst = 0;
  let onlySecond = 0;
  for (let i = 0; i < gold.length; i++) {
    const one = first[i] === gold[i];
    const other = second[i] === gold[i];
    if (one && !other) onlyFirst++;
    if (other && !one) onlySecond++;
  }
  return { onlyFirst, onlySecond };
}
