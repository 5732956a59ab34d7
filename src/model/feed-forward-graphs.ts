/**
 * @file The graphs of the implicit update (Dherin et al. 2025, arXiv 2507.16003): one sequence, no prefix, everything read at its last
 * token. With a = stream, z = what the feed-forward reads, subscript 0 without context and none within it, in every layer
 *
 *     dW_j = (W_j (z - z_0)) z_0^T / |z_0|^2  for each first map W_j,      db = a - a_0  at the end of the layer
 *
 *     solve    context's a and z of every layer -> the update of every layer, those below it applied
 *     patched  updates -> the pass with them
 */
import * as g from '../graph/operators/index.ts';
import { input, type Tensor } from '../graph/tensor.ts';
import type { Decoder } from './decoder.ts';
import { type Built, type Changes, forward, names, type Outputs, perLayer } from './graphs.ts';

/** Names of what is fed and read besides those of all graphs; `map` counts the first maps of a layer. */
export const feedForwardNames = {
  stream: (layer: number) => `layers.${layer}.stream`,
  read: (layer: number) => `layers.${layer}.read`,
  output: (layer: number) => `layers.${layer}.output`,
  streamWithin: (layer: number) => `within.layers.${layer}.stream`,
  readWithin: (layer: number) => `within.layers.${layer}.read`,
  left: (layer: number, map: number) => `update.layers.${layer}.left.${map}`,
  right: (layer: number) => `update.layers.${layer}.right`,
  bias: (layer: number) => `update.layers.${layer}.bias`,
} as const;

const its = feedForwardNames;

/** The row that is read, T - 1. */
const LAST_ROW = input(names.tapRows, 'int32', [1]);

/** Behind a prefix, at the last token of each layer N: layers.N.stream, .read, .output [1, D]; and logits [1, V]. */
export function streamGraph(decoder: Decoder): Outputs {
  const built = forward(decoder, 'one', true);
  return readings(decoder, built);
}

/**
 * within.layers.N.stream and .read [1, D] -> update.layers.N.left.J [1, F], .right [1, D], .bias [1, D]. Layer N is solved behind
 * layers that have their updates.
 */
export function solveGraph(decoder: Decoder): Outputs {
  const updates: Record<string, Tensor> = {};
  const maps = firstMaps(decoder);
  const hiddenSize = decoder.hiddenSize;
  const at: { read?: Tensor; readWithin?: Tensor } = {};
  forward(decoder, 'one', false, {
    feedForward: (layer, { stream, read }) => {
      at.read = lastRow(read);
      at.readWithin = input(its.readWithin(layer), 'float32', [1, hiddenSize]);
      const streamWithin = input(its.streamWithin(layer), 'float32', [1, hiddenSize]);
      updates[its.right(layer)] = at.read;
      updates[its.bias(layer)] = g.sub(streamWithin, lastRow(stream));
    },
    tensor: (name, weight) => {
      const map = maps.get(name);
      if (map === undefined) return weight;
      const { layer, index, inputFirst } = map;
      const right = at.read!;
      const shift = g.gemm(g.sub(at.readWithin!, right), weight, { transposeB: !inputFirst });
      const square = g.reduceSum(g.mul(right, right), [1], { keepAxes: true });
      const left = g.div(shift, square);
      updates[its.left(layer, index)] = left;
      return withRankOne(weight, left, right, inputFirst);
    },
    layerOutput: (layer, output) => g.add(output, updates[its.bias(layer)]!),
  });
  return updates;
}

/** update.* -> the readings of `streamGraph` with the updates applied, without a prefix. */
export function patchedGraph(decoder: Decoder): Outputs {
  const maps = firstMaps(decoder);
  const hiddenSize = decoder.hiddenSize;
  const rights = Array.from({ length: decoder.layers }, (_, n) => input(its.right(n), 'float32', [1, hiddenSize]));
  const changes: Changes = {
    tensor: (name, weight) => {
      const map = maps.get(name);
      if (map === undefined) return weight;
      const { layer, index, inputFirst } = map;
      const left = input(its.left(layer, index), 'float32', [1, weight.shape[inputFirst ? 1 : 0]!]);
      return withRankOne(weight, left, rights[layer]!, inputFirst);
    },
    layerOutput: (layer, output) => g.add(output, input(its.bias(layer), 'float32', [1, hiddenSize])),
  };
  return readings(decoder, forward(decoder, 'one', false, changes));
}

function readings(decoder: Decoder, built: Built): Outputs {
  const rows = perLayer(built, ({ stream, read, output }, n) => ({
    [its.stream(n)]: lastRow(stream!),
    [its.read(n)]: lastRow(read!),
    [its.output(n)]: lastRow(output!),
  }));
  return { ...rows, [names.logits]: decoder.logits(built.pass, lastRow(built.hidden)) };
}

/** By the name of their weight. */
function firstMaps(decoder: Decoder) {
  const entries = decoder.feedForward!.flatMap((maps, layer) =>
    maps.map(({ name, inputFirst = false }, index) => [`${name}.weight`, { layer, index, inputFirst }] as const),
  );
  return new Map<string, (typeof entries)[number][1]>(entries);
}

/** W + left right^T, [out, in], or transposed. */
function withRankOne(weight: Tensor, left: Tensor, right: Tensor, inputFirst: boolean): Tensor {
  const [column, row] = inputFirst ? [right, left] : [left, right];
  return g.add(weight, g.gemm(column, row, { transposeA: true }));
}

/** [T, W] -> [1, W] */
function lastRow(x: Tensor): Tensor {
  return g.gather(x, LAST_ROW);
}
