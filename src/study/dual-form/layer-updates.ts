/**
 * @file The implicit update of every layer of a model (Dherin et al. 2025, arXiv 2507.16003): a
 * context as a change of the feed-forward, and the model with that change. With a = stream, z =
 * what the feed-forward reads, subscript 0 without context and none within it, in every layer
 *
 *     dW_j = (W_j (z - z_0)) z_0^T / |z_0|^2 for each first map W_j,   db = a - a_0 at its end
 */
import * as g from '../../graph/operators/index.ts';
import { input, type Tensor } from '../../graph/tensor.ts';
import type { Decoder } from '../../model/decoder.ts';
import { fedInputs, integers, tokenFeeds } from '../../model/feeds.ts';
import { type Changes, type ForwardPass, forward, type Outputs, perLayer } from '../../model/forward.ts';
import type { LoadedModel, ModelGraph } from '../../model/loaded-model.ts';
import { names } from '../../model/names.ts';
import type { Prefix } from '../../model/prefix.ts';
import type { RunRequest, RunResult } from '../../runtime/runtime.ts';
import type { RankOne } from '../../theory/implicit-update.ts';
import type { Vector } from '../../theory/matrix.ts';

/** The update of one layer. */
export interface LayerUpdate {
  /** One for each first map of the feed-forward. */
  readonly first: readonly RankOne[];
  readonly bias: Vector;
}

/**
 * At the last token of a sequence: layers.N.stream, .read and .output [1, D], and logits [1, V].
 */
export type Readings = RunResult['fetched'];

export function vectorOf(readings: Readings, name: string): Vector {
  return Float64Array.from(readings[name]!.data);
}

/** Reads the last token after a prefix. */
export function readStreams(model: LoadedModel, prefix: Prefix, tokens: readonly number[]): Promise<Readings> {
  return run(model, streamGraph, tokens, prefix.tokens.length, prefix.feeds);
}

/**
 * Solves for the updates with which every layer has the same output at the last token of a sequence
 * without a context as it had within the context.
 *
 * @param sequence without the context, BOS included
 * @param within readings of `readStreams` at the last token within the context
 * @returns the updates, and as feeds of `readPatched`
 */
export async function solveUpdates(
  model: LoadedModel,
  sequence: readonly number[],
  within: Readings,
): Promise<{ readonly updates: readonly LayerUpdate[]; readonly feeds: Readings }> {
  const layers = Array.from({ length: model.decoder.layers }, (_, layer) => layer);
  const wanted = layers.flatMap(layer => [
    [its.streamWithin(layer), within[its.stream(layer)]!],
    [its.readWithin(layer), within[its.read(layer)]!],
  ]);
  const feeds = await run(model, solveGraph, sequence, 0, Object.fromEntries(wanted));
  const updates = layers.map(layer => ({
    first: model.decoder.feedForward![layer]!.map((_, map) => ({
      left: vectorOf(feeds, its.left(layer, map)),
      right: vectorOf(feeds, its.right(layer)),
    })),
    bias: vectorOf(feeds, its.bias(layer)),
  }));
  return { updates, feeds };
}

/** Reads the last token of a sequence without a context in the model with these updates. */
export function readPatched(model: LoadedModel, sequence: readonly number[], feeds: Readings): Promise<Readings> {
  return run(model, patchedGraph, sequence, 0, feeds);
}

async function run(
  model: LoadedModel,
  graph: ModelGraph,
  tokens: readonly number[],
  start: number,
  feeds: RunRequest['feeds'],
): Promise<Readings> {
  const session = await model.session(graph);
  const own = {
    ...model.pretrained,
    ...tokenFeeds(tokens, start),
    [names.tapRows]: integers([1], [tokens.length - 1]),
  };
  const { fetched } = await model.runtime.run(session, {
    doing: `${graph.name} of ${tokens.length} tokens`,
    feeds: fedInputs(session, { ...own, ...feeds }),
    fetch: session.outputs,
  });
  return fetched;
}

/** Names of inputs and outputs of these graphs alone; `map` counts the first maps of a layer. */
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

/**
 * After a prefix, at the last token, for each layer N: layers.N.stream, .read, .output [1, D]; and
 * logits [1, V].
 */
const streamGraph: ModelGraph = {
  name: 'streams',
  outputs: decoder => {
    const pass = forward(decoder, 'one', true);
    return readings(pass);
  },
};

/**
 * within.layers.N.stream and .read [1, D] -> update.layers.N.left.J [1, F], .right [1, D], .bias
 * [1, D]. Layer N is solved after layers with their updates.
 */
const solveGraph: ModelGraph = {
  name: 'solve',
  outputs: decoder => {
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
  },
};

/** update.* -> the readings of `streamGraph` with the updates applied, without a prefix. */
const patchedGraph: ModelGraph = {
  name: 'patched',
  outputs: decoder => {
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
    return readings(forward(decoder, 'one', false, changes));
  },
};

function readings(pass: ForwardPass): Outputs {
  const rows = perLayer(pass, ({ stream, read, output }, n) => ({
    [its.stream(n)]: lastRow(stream!),
    [its.read(n)]: lastRow(read!),
    [its.output(n)]: lastRow(output),
  }));
  return { ...rows, [names.logits]: pass.logits(lastRow(pass.hidden)) };
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
