export interface Schedule {
  /** The maximum, at the end of the warm-up. */
  readonly learningRate: number;
  readonly warmUp: number;
  readonly steps: number;
  /** 1 for linear decay. */
  readonly power: number;
}

/**
 * Learning rate of step t = 1 ... S: linear warm-up, then polynomial decay,
 *
 *     t <= W:  r t / W,        t > W:  r ((S + 1 - t) / (S - W))^power,
 *
 * so that the first step after the warm-up still has the full rate, and the last one a rate above
 * 0.
 */
export function learningRateAt(t: number, { learningRate, warmUp, steps, power }: Schedule): number {
  if (t <= warmUp) return (learningRate * t) / warmUp;
  return learningRate * ((steps + 1 - t) / (steps - warmUp)) ** power;
}
