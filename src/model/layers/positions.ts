import * as g from '../../graph/operators/index.ts';
import { derivedInput, GraphError, integers, type Tensor } from '../../graph/tensor.ts';
import type { Pass } from '../decoder.ts';

/** Rows of a learned table; the first token has row `offset`: [N, D]. */
export function learnedPositions(pass: Pass, table: string, offset = 0): Tensor {
  const rows = offset === 0 ? pass.positions : g.add(pass.positions, integers([offset]));
  return g.gather(pass.tensor(table), rows);
}

/**
 * Cosines or sines of position * frequency_j [N, half], fed as an input: the sine of WebGPU is exact to
 * 2^-11 only. Angles and results are float32, as torch computes them.
 *
 * @param table.first the position of the first token
 */
export function waves(
  { positions }: Pass,
  name: string,
  table: {
    readonly frequencies: ArrayLike<number>;
    readonly wave: 'cosine' | 'sine';
    readonly first?: number;
  },
): Tensor {
  if (positions.kind !== 'input') throw new GraphError(`${name}: a table needs positions that are an input`);
  const { wave, first = 0 } = table;
  const frequencies = Float32Array.from(table.frequencies);
  const half = frequencies.length;
  const value = wave === 'cosine' ? Math.cos : Math.sin;
  return derivedInput(name, positions, half, values => {
    const rows = new Float32Array(values.length * half);
    for (const [i, position] of values.entries()) {
      for (let j = 0; j < half; j++) rows[i * half + j] = value(Math.fround((position + first) * frequencies[j]!));
    }
    return rows;
  });
}

/**
 * The sinusoids of fairseq, not interleaved; the first token has position 2 (padding has 1). With
 * f_j = 10000^(-j / (D/2 - 1)), row p is [sin(p f_0), ..., cos(p f_0), ...], in float32 as torch
 * computes it; an odd width ends with a zero.
 */
export function sinusoidalPositions(pass: Pass, width: number): Tensor {
  const half = Math.floor(width / 2);
  const rate = Math.fround(-Math.log(10000) / (half - 1));
  const frequencies = Float32Array.from({ length: half }, (_, j) => Math.exp(Math.fround(j * rate)));
  const table = (wave: 'cosine' | 'sine') => waves(pass, `sinusoids.${wave}`, { frequencies, wave, first: 2 });
  const rows = g.concat([table('sine'), table('cosine')], 1);
  return width % 2 === 0 ? rows : g.pad(rows, 1, 0, 1);
}
