/**
 * A difference smaller than this share of its terms is float32 rounding accumulated over layers,
 * and has no meaningful direction. Float32 itself rounds at 6e-8; rotary positions in the thousands
 * and long sums give some 1e-6.
 */
const ROUNDING = 3e-5;

/**
 * Whether an update of norm `update` from a base of norm `base` is only rounding. A zero update is.
 */
export function isRounding(update: number, base: number): boolean {
  return update <= ROUNDING * base;
}

/** Whether values differ only by rounding, so that their order means nothing. */
export function tieToRounding(values: ArrayLike<number>): boolean {
  let [low, high, size] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
    size = Math.max(size, Math.abs(values[i]!));
  }
  return values.length === 0 || isRounding(high - low, size);
}
