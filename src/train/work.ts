import type { Decoder } from '../model/decoder.ts';
import { forwardFlops } from '../run/estimate/work.ts';

/** FLOPs of a training step on B sequences of T tokens: forward, and twice as much for the gradients of activations and of weights. */
export function trainingFlops(decoder: Decoder, { B, T }: { readonly B: number; readonly T: number }): number {
  return 3 * forwardFlops(decoder, { T, P: 0, sequences: B, reads: B * T });
}
