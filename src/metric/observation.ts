/**
 * What the metrics read of one example in one setting, at one tap position. Flat arrays, layer-major:
 * L layers, H heads, D model width, dh head width, T query tokens up to and including the tap, P tokens of the prefix.
 */
export interface Observation {
  /** [L, D] attention output: after the output projection with bias, before the residual. */
  readonly attentionOutput: Float32Array;
  /**
   * [L, H, T] scaled scores of the tap position before mask and softmax, over the tokens of the query alone:
   * no BOS, no demonstrations. One T in all settings of an example.
   */
  readonly scores: Float32Array;
  /** [L, P] scaled scores of the tap position to the prefix, summed over heads. Needed in-context for Kendall. */
  readonly contextScores?: Float32Array;
  /** [L, H*dh] scaled query of the tap position. Needed finetuned for Kendall. */
  readonly query?: Float32Array;
}

/** The dimensions that the flat arrays of an observation share. */
export interface ObservationShape {
  readonly layers: number;
  readonly heads: number;
}
