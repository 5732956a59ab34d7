/** Largest absolute error that an equality of the theory may have in float64. */
export const TOLERANCE = 1e-10;

/** An equality that was computed both ways. */
export interface Check {
  /** What equals what. */
  readonly claim: string;
  /** Largest absolute difference. */
  readonly error: number;
  readonly tolerance: number;
  readonly passed: boolean;
}

/** NaN passes nothing. */
export function checked(claim: string, error: number, tolerance = TOLERANCE): Check {
  return { claim, error, tolerance, passed: error <= tolerance };
}
