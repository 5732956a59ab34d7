import { UserError } from '../error.ts';
import type { Handle, RunRequest, Session, TensorData } from '../runtime/runtime.ts';
import { releaseOnFailure } from '../runtime/scope.ts';
import type { Decoder, Sizes } from './decoder.ts';
import { names } from './graphs.ts';
import type { KeyValue, LoadedModel } from './loaded-model.ts';

/** Keys and values of the tokens before the query in every layer, computed once and shared by all queries. */
export interface Memory {
  readonly tokens: readonly number[];
  /** What a session is fed: keys [G, dh, P], values [G, P, dh]. */
  readonly feeds: Readonly<Record<string, Handle | TensorData>>;
}

/** Tokens of a memory that are computed in one pass: long memories grow piece by piece, so that scores stay small. */
export const MEMORY_PIECE = 256;

/** The memory of no token. The engine cannot hold zero tokens: one token of zeros that weighs nothing stands for it. */
export function emptyMemory({ layers, keyValueHeads, headWidth }: Sizes): Memory {
  const zeros = new Float32Array(keyValueHeads * headWidth);
  const feeds: Record<string, TensorData> = {
    [names.memoryLogWeight]: numbers([1], [-1e30]),
    [names.memoryPositions]: integers([1], [0]),
  };
  for (let layer = 0; layer < layers; layer++) {
    feeds[names.memoryKey(layer)] = { type: 'float32', dims: [keyValueHeads, headWidth, 1], data: zeros };
    feeds[names.memoryValue(layer)] = { type: 'float32', dims: [keyValueHeads, 1, headWidth], data: zeros };
  }
  return { tokens: [], feeds };
}

/**
 * Refuses sequences whose length would change the positions of all their tokens.
 *
 * @param length tokens, memory included
 */
export function requireSamePositions({ longest = Number.POSITIVE_INFINITY, family }: Decoder, length: number): void {
  if (length <= longest) return;
  throw new UserError(
    `${length} tokens: the rotary positions of this ${family} model change beyond ${longest} tokens, which is not supported; feed fewer`,
  );
}

/**
 * Computes the memory of tokens with the given key and value projections.
 *
 * @param onProgress is told how many tokens are done
 * @throws RangeError when the tokens are more than the model's context
 */
export async function computeMemory(
  model: LoadedModel,
  tokens: readonly number[],
  keyValue: KeyValue,
  { doing = 'computing a memory', onProgress }: { doing?: string; onProgress?: (tokens: number) => void } = {},
): Promise<Memory> {
  const { decoder } = model;
  if (tokens.length > decoder.context) {
    throw new RangeError(`a memory of ${tokens.length} tokens does not fit the context of ${decoder.context}`);
  }
  return releaseOnFailure(model, async owner => {
    let memory = emptyMemory(decoder);
    for (let start = 0; start < tokens.length; start += MEMORY_PIECE) {
      memory = await extendMemory(owner, memory, tokens.slice(start, start + MEMORY_PIECE), keyValue, doing);
      onProgress?.(memory.tokens.length);
    }
    return memory;
  });
}

/**
 * The memory with further tokens behind it, in one pass; the tensors that it was made of are released. When that fails, what was new is
 * released and the given memory cannot be used any more.
 */
export async function extendMemory(
  model: LoadedModel,
  memory: Memory,
  tokens: readonly number[],
  keyValue: KeyValue,
  doing: string,
): Promise<Memory> {
  return releaseOnFailure(model, async owner => {
    const session = await owner.session('memory');
    const { kept } = await owner.runtime.run(session, {
      doing,
      feeds: fedInputs(session, { ...keyValue, ...memory.feeds, ...tokenFeeds(tokens, memory.tokens.length) }),
      keep: session.outputs,
    });
    return extended(owner, memory, tokens, kept);
  });
}

/** Of all that could be fed what the graph reads: keys and values need no attention of the last layer, few layers a window. */
export function fedInputs(session: Session, feeds: RunRequest['feeds']): RunRequest['feeds'] {
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => session.inputs.includes(name)));
}

/** The memory with what further tokens have left; the tensors that it was made of are released. */
async function extended(
  { runtime, decoder }: LoadedModel,
  memory: Memory,
  piece: readonly number[],
  left: Readonly<Record<string, Handle>>,
): Promise<Memory> {
  const tokens = [...memory.tokens, ...piece];
  const feeds: Record<string, Handle | TensorData> = {
    [names.memoryLogWeight]: numbers([1], [0]),
    [names.memoryPositions]: integers([tokens.length], count(tokens.length, 0)),
  };
  const join = async (name: string, from: string, axis: number) => {
    const before = memory.feeds[name]!;
    const next = left[from]!;
    if (memory.tokens.length === 0 || 'data' in before) feeds[name] = next;
    else {
      feeds[name] = await runtime.concatenate(name, [before, next], axis);
      await runtime.release([before, next]);
    }
  };
  for (let layer = 0; layer < decoder.layers; layer++) {
    await join(names.memoryKey(layer), names.key(layer), 2);
    await join(names.memoryValue(layer), names.value(layer), 1);
  }
  return { tokens, feeds };
}

export async function releaseMemory({ runtime }: LoadedModel, memory: Memory): Promise<void> {
  await runtime.release(Object.values(memory.feeds).filter((feed): feed is Handle => !('data' in feed)));
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
