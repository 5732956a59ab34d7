/**
 * @file What every decoder family is to the rest of the program. A family says how it embeds, what one layer does around
 * its attention, and how it turns the last hidden state into logits; attention with prefix, taps and key/value parameters
 * are the same for all (`attention.ts`, `pass.ts`).
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

/** A tensor of the checkpoint: its name there and its shape. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A key or value projection, or a tensor that holds queries beside them. */
export interface ProjectionSpec extends TensorSpec {
  /**
   * What each index of an axis belongs to, where the tensor also holds queries. Absent where all of
   * it is one key or value projection. The indices of queries never change.
   */
  readonly fused?: { readonly axis: number; readonly part: (index: number) => 'query' | 'key' | 'value' };
}

/** A model of one family with its configuration read: pure data and graph-building functions. */
export interface Decoder extends Sizes {
  readonly family: string;
  /** Every tensor that the model reads from its checkpoint. */
  readonly tensors: readonly TensorSpec[];
  /** No longer sequence can be run, prefix included, for its positions would be others. Absent where they do not depend on the length. */
  readonly longest?: number;
  /** The key and value projections of each layer, weights and biases: what finetuning changes. */
  readonly projections: readonly (readonly ProjectionSpec[])[];
  /**
   * The first maps of each layer's feed-forward, `name`.weight [F, D], or [D, F] with `inputFirst`. Absent where the feed-forward
   * does not read what the attention of its layer has left, as in parallel layers.
   */
  readonly feedForward?: readonly (readonly { readonly name: string; readonly inputFirst?: boolean }[])[];
  /** How many recent tokens a layer sees, itself included; undefined for all. Absent where no layer has a window. */
  readonly window?: (layer: number) => number | undefined;
  /**
   * What the family does to scaled scores before mask and softmax, if anything: [G, B, T, R, S] -> the same shape, for keys at
   * int32 positions [S]; query head h = g R + r. Prefix scores come with B = 1 and all N rows as T.
   */
  readonly finishScores?: (scores: Tensor, keyPositions: Tensor) => Tensor;
  /** log eta [H] of a layer's momentum (`momentum.ts`); undefined for a layer without. Absent where no layer has momentum. */
  readonly momentum?: (pass: Pass, layer: number) => Tensor | undefined;
  /** tokens -> the residual stream [N, D] after the last layer, calling `pass.attend` once a layer. */
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
 * What a family's graph-building functions are given: one forward pass over N rows, the tokens of one or several sequences below each
 * other, without padding.
 */
export interface Pass {
  /** The rows of a token embedding that the tokens name: [N, D]. */
  readonly embed: (table: string) => Tensor;
  /** int32 [N]: 0 is the first token of the prefix. */
  readonly positions: Tensor;
  /** A tensor of the checkpoint: a weight, or fed where it can change. */
  readonly tensor: (name: string) => Tensor;
  /** Attention of layer `layer` over prefix and query tokens -> heads side by side [N, H*dh], before the output projection. */
  readonly attend: (layer: number, qkv: QueryKeyValue) => Tensor;
  /** Marks the attention output of a layer: [N, D] after the output projection, before the residual. */
  readonly attentionOutput: (layer: number, output: Tensor) => void;
  /** Marks what the feed-forward of a layer reads, [N, D], and the residual stream behind it, before its first maps are applied. */
  readonly feedForward: (layer: number, reads: FeedForwardInput) => void;
  /** The residual stream at the end of a layer: [N, D] -> what the next layer reads. */
  readonly layerOutput: (layer: number, output: Tensor) => Tensor;
}

/** [N, D] each */
export interface FeedForwardInput {
  /** The residual stream with the attention output added. */
  readonly stream: Tensor;
  /** What the first maps are applied to: the stream, normed. */
  readonly read: Tensor;
}

/** Reads the configuration of a checkpoint; throws UserError where it asks for something that is not supported. */
export type Family = (config: Readonly<Record<string, unknown>>, source: string) => Decoder;

/** Shapes of fed tensors in the terms of `decoder`. */
export function prefixShapes({ keyValueHeads, headDim }: Sizes): { readonly key: Shape; readonly value: Shape } {
  return { key: [keyValueHeads, headDim, 'P'], value: [keyValueHeads, 'P', headDim] };
}

/** How many numbers tensors hold together. */
export function elements(tensors: readonly { readonly shape: readonly number[] }[]): number {
  return tensors.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}
