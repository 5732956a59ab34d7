/**
 * The observation of one example in one setting, at one tap position. Flat arrays, layer-major: L
 * layers, H heads, D hidden size, dh head size, T query tokens up to and including the tap, P
 * tokens of the prefix.
 */
export interface Observation {
  /** [L, D] attention output: after the output projection with bias, before the residual. */
  readonly attentionOutput: Float32Array;
  /**
   * [L, H, T] scaled scores of the tap position before mask and softmax, over the tokens of the
   * query only: no BOS, no demonstrations. T is the same in all settings of an example.
   */
  readonly scores: Float32Array;
  /**
   * [L, P] scaled scores of the tap position to the prefix, summed over heads. Kendall needs it
   * in-context.
   */
  readonly contextScores?: Float32Array;
  /** [L, H*dh] scaled query of the tap position. Kendall needs it finetuned. */
  readonly query?: Float32Array;
}

/** Dimensions of the flat arrays of an observation. */
export interface ObservationShape {
  readonly layers: number;
  readonly heads: number;
}
