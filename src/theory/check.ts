/** Largest absolute error that an equality of the theory may have in float64. */
export const TOLERANCE = 1e-10;

/** An equality, both sides of which were computed. */
export interface Check {
  /** The equality in words. */
  readonly claim: string;
  /** Largest absolute difference. */
  readonly error: number;
  readonly tolerance: number;
  readonly passed: boolean;
}

/** A NaN error fails. */
export function checked(claim: string, error: number, tolerance = TOLERANCE): Check {
  return { claim, error, tolerance, passed: error <= tolerance };
}
