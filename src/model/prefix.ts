import { UserError } from '../error.ts';
import * as g from '../graph/operators/index.ts';
import type { Handle, TensorData } from '../runtime/runtime.ts';
import { releaseOnFailure } from '../runtime/scope.ts';
import type { Decoder, Sizes } from './decoder.ts';
import { fedInputs, integers, numbers, tokenFeeds } from './feeds.ts';
import { forward, perLayer } from './forward.ts';
import type { LoadedModel, ModelGraph, Projections } from './loaded-model.ts';
import { names } from './names.ts';

/**
 * The KV cache of the tokens before the query, in every layer: computed once, shared by all
 * queries.
 */
export interface Prefix {
  readonly tokens: readonly number[];
  /** What a session is fed: keys [G, dh, P], values [G, P, dh]. */
  readonly feeds: Readonly<Record<string, Handle | TensorData>>;
}

/**
 * Tokens that one pass adds to a prefix. Long prefixes grow in such pieces, so that attention
 * scores stay small.
 */
export const PREFIX_PIECE = 256;

/**
 * The prefix of no token. The engine cannot hold zero tokens, so the prefix is one token of zeros
 * with weight 0.
 */
export function emptyPrefix({ layers, keyValueHeads, headDim }: Sizes): Prefix {
  const zeros = new Float32Array(keyValueHeads * headDim);
  const feeds: Record<string, TensorData> = {
    [names.prefixLogWeight]: numbers([1], [-1e30]),
    [names.prefixPositions]: integers([1], [0]),
  };
  for (let layer = 0; layer < layers; layer++) {
    feeds[names.prefixKey(layer)] = { type: 'float32', dims: [keyValueHeads, headDim, 1], data: zeros };
    feeds[names.prefixValue(layer)] = { type: 'float32', dims: [keyValueHeads, 1, headDim], data: zeros };
  }
  return { tokens: [], feeds };
}

/**
 * Refuses sequences that are so long that the family would use other positions for all their
 * tokens.
 *
 * @param length tokens, prefix included
 */
export function requireSamePositions({ longest = Number.POSITIVE_INFINITY, family }: Decoder, length: number): void {
  if (length <= longest) return;
  throw new UserError(
    `${length} tokens: this ${family} model has other rotary positions beyond ${longest} tokens, which is not supported; use fewer tokens`,
  );
}

/**
 * Computes the prefix of tokens with the given key and value projections.
 *
 * @param onProgress receives the number of tokens that are done
 * @throws RangeError when there are more tokens than the context of the model
 */
export async function computePrefix(
  model: LoadedModel,
  tokens: readonly number[],
  projections: Projections,
  { doing = 'computing a prefix', onProgress }: { doing?: string; onProgress?: (tokens: number) => void } = {},
): Promise<Prefix> {
  const { decoder } = model;
  if (tokens.length > decoder.context) {
    throw new RangeError(`a prefix of ${tokens.length} tokens does not fit the context of ${decoder.context}`);
  }
  return releaseOnFailure(model, async owner => {
    let prefix = emptyPrefix(decoder);
    for (let start = 0; start < tokens.length; start += PREFIX_PIECE) {
      prefix = await extendPrefix(owner, prefix, tokens.slice(start, start + PREFIX_PIECE), projections, doing);
      onProgress?.(prefix.tokens.length);
    }
    return prefix;
  });
}

/**
 * Appends tokens to a prefix in one pass and releases the tensors of the given prefix. After a
 * failure nothing new is left, and the given prefix cannot be used any more.
 */
export async function extendPrefix(
  model: LoadedModel,
  prefix: Prefix,
  tokens: readonly number[],
  projections: Projections,
  doing: string,
): Promise<Prefix> {
  return releaseOnFailure(model, async owner => {
    const session = await owner.session(prefixGraph);
    const { kept } = await owner.runtime.run(session, {
      doing,
      feeds: fedInputs(session, { ...projections, ...prefix.feeds, ...tokenFeeds(tokens, prefix.tokens.length) }),
      keep: session.outputs,
    });
    return extended(owner, prefix, tokens, kept);
  });
}

/**
 * Joins the keys and values of further tokens to a prefix, and releases the tensors that were
 * joined.
 */
async function extended(
  { runtime, decoder }: LoadedModel,
  prefix: Prefix,
  piece: readonly number[],
  left: Readonly<Record<string, Handle>>,
): Promise<Prefix> {
  const tokens = [...prefix.tokens, ...piece];
  const feeds: Record<string, Handle | TensorData> = {
    [names.prefixLogWeight]: numbers([1], [0]),
    [names.prefixPositions]: integers([tokens.length], [...tokens.keys()]),
  };
  const join = async (name: string, from: string, axis: number) => {
    const before = prefix.feeds[name]!;
    const next = left[from]!;
    if (prefix.tokens.length === 0 || 'data' in before) feeds[name] = next;
    else {
      feeds[name] = await runtime.concatenate(name, [before, next], axis);
      await runtime.release([before, next]);
    }
  };
  for (let layer = 0; layer < decoder.layers; layer++) {
    await join(names.prefixKey(layer), names.key(layer), 2);
    await join(names.prefixValue(layer), names.value(layer), 1);
  }
  return { tokens, feeds };
}

export async function releasePrefix({ runtime }: LoadedModel, prefix: Prefix): Promise<void> {
  await runtime.release(Object.values(prefix.feeds).filter((feed): feed is Handle => !('data' in feed)));
}

/**
 * Tokens after a prefix -> the keys [G, dh, T] and values [G, T, dh] that they leave in every
 * layer.
 */
export const prefixGraph: ModelGraph = {
  name: 'prefix',
  outputs: decoder =>
    perLayer(forward(decoder, 'one', true), ({ attention }, n) => ({
      [names.key(n)]: g.transposeMatrices(attention.key),
      [names.value(n)]: attention.value,
    })),
};
