/** After so long, a cell that another process computes, or a server that is away, is tried again. */
export const LOOK_AGAIN_MS = 1000;
