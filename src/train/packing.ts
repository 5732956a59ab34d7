/**
 * @file From documents to batches. Letters: B sequences of a batch, T tokens of a sequence, N
 * tokens in all.
 */
import { chooseDistinct, randomStream } from '../statistics/random.ts';

/**
 * An end-of-text token before every document and after the last. [N]
 */
export function joinDocuments(documents: readonly ArrayLike<number>[], endOfText: number): Int32Array {
  const stream = new Int32Array(documents.reduce((sum, { length }) => sum + length + 1, 1)).fill(endOfText);
  let at = 1;
  for (const document of documents) {
    stream.set(document, at);
    at += document.length + 1;
  }
  return stream;
}

/** A stream of tokens, cut into sequences to be predicted. */
export interface Sequences {
  /** [N] */
  readonly stream: Int32Array;
  readonly length: number;
  /** Tokens of a sequence, T. */
  readonly context: number;
  /** Tokens i*T to i*T + T of the stream, [T + 1]: the first T are read, the last T predicted. */
  readonly at: (i: number) => Int32Array;
}

/**
 * Cuts a stream into floor((N - 1) / T) sequences. Every token but the first is predicted once; a
 * rest that fills no sequence is left out.
 */
export function packSequences(stream: Int32Array, context: number): Sequences {
  return {
    stream,
    length: Math.floor(Math.max(0, stream.length - 1) / context),
    context,
    at: i => stream.subarray(i * context, (i + 1) * context + 1),
  };
}

/**
 * The sequences of batch `step` (0, 1, ...), as a function of seed and step alone: in each epoch
 * all sequences in a new random order; the epochs, one after the other, are cut into batches of B.
 */
export function batchOrder(sequences: number, batch: number, seed: number): (step: number) => readonly number[] {
  let known = { epoch: -1, order: [] as readonly number[] };
  const orderOf = (epoch: number) => {
    if (epoch !== known.epoch) {
      known = { epoch, order: chooseDistinct(randomStream(BATCHES, seed, epoch), sequences, sequences) };
    }
    return known.order;
  };
  return step =>
    Array.from({ length: batch }, (_, i) => {
      const place = step * batch + i;
      return orderOf(Math.floor(place / sequences))[place % sequences]!;
    });
}

/** Separates this random stream from those of the initial weights. */
const BATCHES = 0x6261746368;
