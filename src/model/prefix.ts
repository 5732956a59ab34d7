import { UserError } from '../error.ts';
import type { Handle, RunRequest, Session, TensorData } from '../runtime/runtime.ts';
import { releaseOnFailure } from '../runtime/scope.ts';
import type { Decoder, Sizes } from './decoder.ts';
import { names } from './graphs.ts';
import type { LoadedModel, Projections } from './loaded-model.ts';

/** Keys and values of the tokens before the query in every layer, computed once and shared by all queries. */
export interface Prefix {
  readonly tokens: readonly number[];
  /** What a session is fed: keys [G, dh, P], values [G, P, dh]. */
  readonly feeds: Readonly<Record<string, Handle | TensorData>>;
}

/** Tokens of a prefix that are computed in one pass: long prefixes grow piece by piece, so that scores stay small. */
export const PREFIX_PIECE = 256;

/** The prefix of no token. The engine cannot hold zero tokens: one token of zeros that weighs nothing stands for it. */
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
 * Refuses sequences whose length would change the positions of all their tokens.
 *
 * @param length tokens, prefix included
 */
export function requireSamePositions({ longest = Number.POSITIVE_INFINITY, family }: Decoder, length: number): void {
  if (length <= longest) return;
  throw new UserError(
    `${length} tokens: the rotary positions of this ${family} model change beyond ${longest} tokens, which is not supported; feed fewer`,
  );
}

/**
 * Computes the prefix of tokens with the given key and value projections.
 *
 * @param onProgress is told how many tokens are done
 * @throws RangeError when the tokens are more than the model's context
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
 * The prefix with further tokens behind it, in one pass; the tensors that it was made of are released. When that fails, what was new is
 * released and the given prefix cannot be used any more.
 */
export async function extendPrefix(
  model: LoadedModel,
  prefix: Prefix,
  tokens: readonly number[],
  projections: Projections,
  doing: string,
): Promise<Prefix> {
  return releaseOnFailure(model, async owner => {
    const session = await owner.session('prefix');
    const { kept } = await owner.runtime.run(session, {
      doing,
      feeds: fedInputs(session, { ...projections, ...prefix.feeds, ...tokenFeeds(tokens, prefix.tokens.length) }),
      keep: session.outputs,
    });
    return extended(owner, prefix, tokens, kept);
  });
}

/** Of all that could be fed what the graph reads: keys and values need no attention of the last layer, few layers a window. */
export function fedInputs(session: Session, feeds: RunRequest['feeds']): RunRequest['feeds'] {
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => session.inputs.includes(name)));
}

/** The prefix with what further tokens have left; the tensors that it was made of are released. */
async function extended(
  { runtime, decoder }: LoadedModel,
  prefix: Prefix,
  piece: readonly number[],
  left: Readonly<Record<string, Handle>>,
): Promise<Prefix> {
  const tokens = [...prefix.tokens, ...piece];
  const feeds: Record<string, Handle | TensorData> = {
    [names.prefixLogWeight]: numbers([1], [0]),
    [names.prefixPositions]: integers([tokens.length], count(tokens.length, 0)),
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

/** Feeds of one sequence that starts at position `start`. */
export function tokenFeeds(sequence: readonly number[], start: number): Readonly<Record<string, TensorData>> {
  const T = sequence.length;
  return {
    [names.tokens]: integers([T], sequence),
    [names.positions]: integers([T], count(T, start)),
  };
}

/** Feeds of several sequences that all start at position `start`, packed into rows one after the other. */
export function packedFeeds(
  sequences: readonly (readonly number[])[],
  start: number,
): { readonly feeds: Readonly<Record<string, TensorData>>; readonly firstRows: readonly number[] } {
  const B = sequences.length;
  const T = Math.max(...sequences.map(sequence => sequence.length));
  const N = sequences.reduce((sum, sequence) => sum + sequence.length, 0);
  const slots = new Int32Array(B * T);
  const [positions, places, firstRows]: [number[], number[], number[]] = [[], [], []];
  for (const [b, sequence] of sequences.entries()) {
    firstRows.push(places.length);
    for (let t = 0; t < sequence.length; t++) {
      slots[b * T + t] = places.length;
      places.push(b * T + t);
      positions.push(start + t);
    }
  }
  const feeds = {
    [names.tokens]: integers([N], sequences.flat()),
    [names.positions]: integers([N], positions),
    [names.slots]: integers([B, T], slots),
    [names.places]: integers([N], places),
    [names.ownPositions]: integers([T], count(T, start)),
  };
  return { feeds, firstRows };
}

function count(length: number, start: number): readonly number[] {
  return Array.from({ length }, (_, i) => start + i);
}

export function integers(dims: readonly number[], values: ArrayLike<number>): TensorData {
  return { type: 'int32', dims, data: Int32Array.from(values) };
}

export function numbers(dims: readonly number[], values: ArrayLike<number>): TensorData {
  return { type: 'float32', dims, data: Float32Array.from(values) };
}
