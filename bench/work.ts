/** @file FLOPs of the work that is timed: two for each multiply-add of weights and attention; nothing else counts. */
import type { Decoder } from '../src/model/index.ts';

/** A forward pass over T tokens behind P, in one of the sequences of a batch; the head is read at `reads` rows. */
export function forwardFlops(decoder: Decoder, { T, P, reads }: { T: number; P: number; reads: number }): number {
  const matrices = decoder.tensors.filter(({ name, shape }) => shape.length === 2 && !/embed|lm_head/.test(name));
  const weights = matrices.reduce((sum, { shape }) => sum + shape[0]! * shape[1]!, 0);
  const attention = 2 * decoder.layers * decoder.heads * decoder.headWidth * T * (P + T);
  return 2 * (weights * T + attention + decoder.width * decoder.vocabulary * reads);
}

/** One step: forward, the gradient of every activation (as many again), and that of the key/value projections. */
export function stepFlops(decoder: Decoder, T: number): number {
  const keyValue = decoder.keyValue.flat().filter(({ shape }) => shape.length === 2);
  const changed = keyValue.reduce((sum, { shape }) => sum + shape[0]! * shape[1]!, 0);
  return 2 * forwardFlops(decoder, { T, P: 0, reads: T }) + 2 * changed * T;
}
