/**
 * @file The interface of a decoder family. A family says how it embeds tokens, what a layer does
 * around its attention, and how the last hidden state becomes logits. Attention with a prefix, taps
 * and gradients are the same for all (`attention.ts`, `forward.ts`).
 */
import type { Shape, Tensor } from '../graph/tensor.ts';

/** Sizes of a model, under one name for all families. */
export interface Sizes {
  readonly layers: number;
  readonly heads: number;
  /** Heads of keys and values; each serves heads / keyValueHeads query heads. */
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly hiddenSize: number;
  readonly vocabulary: number;
  /** Longest sequence, prefix included. */
  readonly context: number;
}

/** A tensor of the checkpoint by name and shape. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A key or value projection, or a tensor that also holds the query projection. */
export interface ProjectionSpec extends TensorSpec {
  /**
   * What each index of an axis belongs to, where the tensor also holds queries. Absent where all of
   * it is one key or value projection. The indices of queries never change.
   */
  readonly fused?: { readonly axis: number; readonly part: (index: number) => 'query' | 'key' | 'value' };
}

/** A model as its configuration describes it: data and functions that build graphs. */
export interface Decoder extends Sizes {
  readonly family: string;
  /** Every tensor that the model reads from its checkpoint. */
  readonly tensors: readonly TensorSpec[];
  /**
   * Longest supported sequence, prefix included: longer ones would have other positions. Absent
   * where positions do not depend on the length.
   */
  readonly longest?: number;
  /** The key and value projections of each layer, weights and biases: what finetuning changes. */
  readonly projections: readonly (readonly ProjectionSpec[])[];
  /**
   * The first linear maps of the feed-forward of each layer, `name`.weight [F, D], or [D, F] with
   * `inputFirst`. Absent where the feed-forward does not read the attention output of its layer, as
   * in parallel layers.
   */
  readonly feedForward?: readonly (readonly { readonly name: string; readonly inputFirst?: boolean }[])[];
  /**
   * How many recent tokens a layer sees, the current one included; undefined for all. Absent where
   * no layer has a window.
   */
  readonly window?: (layer: number) => number | undefined;
  /**
   * Changes scaled scores before mask and softmax: [G, B, T, R, S] -> the same shape, for keys at
   * int32 positions [S]; query head h = g R + r. Scores to the prefix have B = 1 and T = N, all
   * rows.
   */
  readonly finishScores?: (scores: Tensor, keyPositions: Tensor) => Tensor;
  /**
   * log eta [H] of the momentum of a layer (`momentum.ts`); undefined for a layer without. Absent
   * where no layer has momentum.
   */
  readonly momentum?: (pass: Pass, layer: number) => Tensor | undefined;
  /**
   * tokens -> the residual stream [N, D] after the last layer, calling `pass.attend` once a layer.
   */
  readonly stream: (pass: Pass) => Tensor;
  /** The residual stream after any layer -> what `logits` reads: [N, D], narrower in OPT 350M. */
  readonly finalNorm: (pass: Pass, stream: Tensor) => Tensor;
  /** What `finalNorm` gives -> [N, V] */
  readonly logits: (pass: Pass, hidden: Tensor) => Tensor;
}

/** The queries, keys and values of one layer, after position embedding; queries are scaled. */
export interface QueryKeyValue {
  /** [N, H*dh] */
  readonly query: Tensor;
  /** [N, G*dh], G key/value heads */
  readonly key: Tensor;
  /** [N, G*dh] */
  readonly value: Tensor;
}

/**
 * A forward pass, as the functions of a family see it: over N rows, the tokens of one or several
 * sequences without padding.
 */
export interface Pass {
  /** The embeddings of the tokens [N, D] from a table [V, D]. */
  readonly embed: (table: string) => Tensor;
  /** int32 [N]: 0 is the first token of the prefix. */
  readonly positions: Tensor;
  /** A tensor of the checkpoint: a weight, or an input of the graph where it can change. */
  readonly tensor: (name: string) => Tensor;
  /**
   * Attention of layer `layer` over prefix and query tokens -> concatenated heads [N, H*dh], before
   * the output projection.
   */
  readonly attend: (layer: number, qkv: QueryKeyValue) => Tensor;
  /**
   * Marks the attention output of a layer: [N, D] after the output projection, before the residual.
   */
  readonly attentionOutput: (layer: number, output: Tensor) => void;
  /**
   * Marks what the feed-forward of a layer reads, [N, D], and the residual stream, before its first
   * maps are applied.
   */
  readonly feedForward: (layer: number, reads: FeedForwardInput) => void;
  /** The residual stream at the end of a layer: [N, D] -> what the next layer reads. */
  readonly layerOutput: (layer: number, output: Tensor) => Tensor;
}

/** [N, D] each */
export interface FeedForwardInput {
  /** The residual stream with the attention output added. */
  readonly stream: Tensor;
  /** The input of the first maps: the normalised stream. */
  readonly read: Tensor;
}

/**
 * Reads the configuration of a checkpoint.
 *
 * @throws UserError when it has something that is not supported
 */
export type Family = (config: Readonly<Record<string, unknown>>, source: string) => Decoder;

/** Shapes of the keys and values of a prefix in one layer. */
export function prefixShapes({ keyValueHeads, headDim }: Sizes): { readonly key: Shape; readonly value: Shape } {
  return { key: [keyValueHeads, headDim, 'P'], value: [keyValueHeads, 'P', headDim] };
}

/** The number of elements of all tensors. */
export function elements(tensors: readonly { readonly shape: readonly number[] }[]): number {
  return tensors.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}
