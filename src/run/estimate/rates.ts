import type { Decoder } from '../../model/decoder.ts';
import { passWork, scoreFlops } from './work.ts';

/** The speed of passes on this machine, by what limits them, per second. */
export interface PassRates {
  /** 1e9 floating-point operations in products of many rows with weights. */
  readonly gigaflops: number;
  /** 1e9 bytes of weights, as float32, that products read, however few their rows. */
  readonly gigabytes: number;
  /** 1e9 attention scores, with all that is computed of them. */
  readonly gigascores: number;
}

/** A timed pass with its work. */
export interface TimedPass {
  readonly seconds: number;
  /** In products with weights. */
  readonly flops: number;
  readonly scores: number;
  readonly weights: number;
}

/** The work of a pass over sequences after a prefix of P tokens, without logits. */
export function timedPass(
  decoder: Decoder,
  sequences: readonly (readonly number[])[],
  P: number,
  seconds: number,
): TimedPass {
  const lengths = sequences.map(({ length: T }) => ({ T, reads: 0 }));
  const { flops, scores, weights } = passWork(decoder, lengths, P);
  return { seconds, flops: flops - scoreFlops(decoder) * scores, scores, weights };
}

/**
 * Solves three passes for the three rates of
 *
 *     seconds = 1e-9 (FLOPs / gigaflops + 4 weights / gigabytes + scores / gigascores)
 *
 * @param short over few tokens: reading weights takes most of its time
 * @param long over many tokens: products take most of its time
 * @param behind as `long`, after a long prefix: attention adds to it
 */
export function solveRates(short: TimedPass, long: TimedPass, behind: TimedPass): PassRates {
  const perScore = atLeast(behind.seconds - long.seconds, behind) / (behind.scores - long.scores);
  const ofScores = (long.scores - short.scores) * perScore;
  const perFlop = atLeast(long.seconds - short.seconds - ofScores, long) / (long.flops - short.flops);
  const perWeight = atLeast(short.seconds - short.flops * perFlop - short.scores * perScore, short) / short.weights;
  return { gigaflops: 1e-9 / perFlop, gigabytes: 4e-9 / perWeight, gigascores: 1e-9 / perScore };
}

/** A difference of times, which noise may make negative: at least 1 % of the time of the pass. */
function atLeast(difference: number, { seconds }: TimedPass): number {
  return Math.max(difference, 0.01 * seconds);
}
