/** @file What sessions are fed: token sequences as tensors. */
import type { RunRequest, Session, TensorData } from '../runtime/runtime.ts';
import { names } from './names.ts';

/** Feeds of one sequence of T tokens whose first token is at position `start`. */
export function tokenFeeds(sequence: readonly number[], start: number): Readonly<Record<string, TensorData>> {
  const T = sequence.length;
  return {
    [names.tokens]: integers([T], sequence),
    [names.positions]: integers([T], count(T, start)),
  };
}

/**
 * Feeds of several sequences, packed into N rows one after the other, all with their first token at
 * position `start`.
 */
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

/** An int32 tensor. */
export function integers(dims: readonly number[], values: ArrayLike<number>): TensorData {
  return { type: 'int32', dims, data: Int32Array.from(values) };
}

/** A float32 tensor. */
export function numbers(dims: readonly number[], values: ArrayLike<number>): TensorData {
  return { type: 'float32', dims, data: Float32Array.from(values) };
}

/**
 * Those feeds that the graph reads. Some graphs read fewer: keys and values do not depend on the
 * attention of the last layer, and positions of the prefix matter only to a window.
 */
export function fedInputs(session: Session, feeds: RunRequest['feeds']): RunRequest['feeds'] {
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => session.inputs.includes(name)));
}
