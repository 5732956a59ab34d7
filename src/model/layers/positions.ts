import * as g from '../../graph/operators/index.ts';
import { constant, integers, type Tensor } from '../../graph/tensor.ts';
import type { Pass } from '../decoder.ts';

/** Rows of a learned table; the first token has row `offset`: [N, D]. */
export function learnedPositions(pass: Pass, table: string, offset = 0): Tensor {
  const rows = offset === 0 ? pass.positions : g.add(pass.positions, integers([offset]));
  return g.gather(pass.tensor(table), rows);
}

/**
 * The sinusoids of fairseq, not interleaved; the first token has position 2 (padding has 1). With
 * f_j = 10000^(-j / (D/2 - 1)), row p is [sin(p f_0), ..., cos(p f_0), ...], in float32 as torch
 * computes it; an odd width ends with a zero.
 */
export function sinusoidalPositions({ positions }: Pass, width: number): Tensor {
  const half = Math.floor(width / 2);
  const rate = Math.fround(-Math.log(10000) / (half - 1));
  const frequencies = Float32Array.from({ length: half }, (_, j) => Math.exp(Math.fround(j * rate)));
  const shifted = g.cast(g.add(positions, integers([2])), 'float32');
  const angles = g.mul(g.reshape(shifted, [positions.shape[0]!, 1]), constant(frequencies, [1, half]));
  const waves = g.concat([g.sin(angles), g.cos(angles)], 1);
  return width % 2 === 0 ? waves : g.pad(waves, 1, 0, 1);
}
