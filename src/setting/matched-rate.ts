/** A learning rate whose updates have the size of others. */
export interface MatchedRate {
  readonly learningRate: number;
  /** Of the updates at this rate; null where finetuning diverged. */
  readonly size: number | null;
  /** |ln(size / target)| < 0.25. */
  readonly matched: boolean;
  /** Rates that were tried before, with their sizes. */
  readonly tried: readonly { readonly learningRate: number; readonly size: number | null }[];
}

/** Sizes that part by less than this in their logarithm match. */
const TOLERANCE = 0.25;
const MOST_CHANGES = 3;
/** What a rate is divided by where finetuning diverges, and there is no size to go by. */
const AFTER_DIVERGING = 4;

/**
 * Looks for the learning rate at which updates have a size, as if size were proportional to rate:
 *
 *     rate <- rate target / size(rate)   until |ln(size / target)| < 0.25, three times at most
 *
 * A rate that diverges, or moves nothing, is divided or multiplied by 4; that counts as one of the
 * three. The last rate is returned whether it matches or not.
 *
 * @param start the first rate
 * @param target the size that is looked for, above 0
 * @param sizeOf finetunes at a rate and measures; null where that diverges
 */
export async function matchRate(
  start: number,
  target: number,
  sizeOf: (learningRate: number) => Promise<number | null>,
): Promise<MatchedRate> {
  if (!(start > 0) || !(target > 0)) throw new RangeError(`matchRate: a rate of ${start} and a size of ${target}`);
  const tried: { learningRate: number; size: number | null }[] = [];
  for (let learningRate = start; ; ) {
    const size = await sizeOf(learningRate);
    const matched = size !== null && size > 0 && Math.abs(Math.log(size / target)) < TOLERANCE;
    if (matched || tried.length === MOST_CHANGES) return { learningRate, size, matched, tried };
    tried.push({ learningRate, size });
    if (size === null) learningRate /= AFTER_DIVERGING;
    else learningRate *= size > 0 ? target / size : AFTER_DIVERGING;
  }
}
