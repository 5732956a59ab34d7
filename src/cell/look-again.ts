/** After so long, an executor tries again a cell that another process computes. */
export const LOOK_AGAIN_MS = 1000;
