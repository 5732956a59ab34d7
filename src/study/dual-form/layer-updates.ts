/** @file The implicit update of every layer of a model: what contexts did to its feed-forward, and the model with it. */
import { feedForwardNames as its } from '../../model/feed-forward-graphs.ts';
import { names } from '../../model/graphs.ts';
import type { GraphName, LoadedModel } from '../../model/loaded-model.ts';
import { fedInputs, integers, type Prefix, tokenFeeds } from '../../model/prefix.ts';
import type { RunRequest, RunResult } from '../../runtime/runtime.ts';
import type { RankOne } from '../../theory/implicit-update.ts';
import type { Vector } from '../../theory/matrix.ts';

/** What a context did to one layer. */
export interface LayerUpdate {
  /** One for each first map of the feed-forward. */
  readonly first: readonly RankOne[];
  readonly bias: Vector;
}

/** At the last token of a sequence: layers.N.stream, .read and .output [1, D], and logits [1, V]. */
export type Readings = RunResult['fetched'];

export function vectorOf(readings: Readings, name: string): Vector {
  return Float64Array.from(readings[name]!.data);
}

/** Reads the last token behind a prefix. */
export function readStreams(model: LoadedModel, prefix: Prefix, tokens: readonly number[]): Promise<Readings> {
  return run(model, 'streams', tokens, prefix.tokens.length, prefix.feeds);
}

/**
 * The updates with which every layer gives at the last token of a sequence, alone, what it gave within a context.
 *
 * @param sequence without the context, BOS included
 * @param within what `readStreams` read of its last token within the context
 * @returns the updates, and as what the patched model is fed
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
  const feeds = await run(model, 'solve', sequence, 0, Object.fromEntries(wanted));
  const updates = layers.map(layer => ({
    first: model.decoder.feedForward![layer]!.map((_, map) => ({
      left: vectorOf(feeds, its.left(layer, map)),
      right: vectorOf(feeds, its.right(layer)),
    })),
    bias: vectorOf(feeds, its.bias(layer)),
  }));
  return { updates, feeds };
}

/** Reads the last token of a sequence, alone, in the model with these updates. */
export function readPatched(model: LoadedModel, sequence: readonly number[], feeds: Readings): Promise<Readings> {
  return run(model, 'patched', sequence, 0, feeds);
}

async function run(
  model: LoadedModel,
  graph: GraphName,
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
    doing: `${graph} of ${tokens.length} tokens`,
    feeds: fedInputs(session, { ...own, ...feeds }),
    fetch: session.outputs,
  });
  return fetched;
}
