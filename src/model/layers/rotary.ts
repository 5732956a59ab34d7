import * as g from '../../graph/operators/index.ts';
import { constant, type Tensor } from '../../graph/tensor.ts';
import type { Pass } from '../decoder.ts';
import { waves } from './positions.ts';
import type { Rope } from './rope-frequencies.ts';

/** What the names of the inputs of rotary positions begin with. */
export const ROTARY = 'rotary';

/** Cosine and sine of the angles of each position, [N, 1, dh/2]. */
export interface Rotation {
  readonly cosine: Tensor;
  readonly sine: Tensor;
}

/**
 * Cosine and sine of position * frequency_j.
 *
 * @param rope dh/2 frequencies
 * @param name of the inputs, where a model has several rotations
 */
export function rotation(pass: Pass, { frequencies, scale }: Rope, name = ROTARY): Rotation {
  const table = (wave: 'cosine' | 'sine') => {
    const rows = waves(pass, `${name}.${wave}`, { frequencies, wave });
    return g.reshape(rows, [rows.shape[0]!, 1, frequencies.length]);
  };
  const unscaled = { cosine: table('cosine'), sine: table('sine') };
  return scale === 1 ? unscaled : scaledRotation(unscaled, scale);
}

/** The rotation, times a number. */
export function scaledRotation({ cosine, sine }: Rotation, scale: number): Rotation {
  return { cosine: g.mul(cosine, constant(scale)), sine: g.mul(sine, constant(scale)) };
}

/**
 * Rotates each head of x [N, n*dh] by its position: with the first `rotated` numbers of a head =
 * [a; b] in halves, [a cos - b sin; b cos + a sin] (Su et al. 2021, in the half-split layout of
 * Hugging Face checkpoints). The rest of a head stays.
 */
export function rotate(x: Tensor, { cosine, sine }: Rotation, headDim: number, rotated: number = headDim): Tensor {
  const half = rotated / 2;
  const width = x.shape[1] as number;
  const heads = g.reshape(x, [x.shape[0]!, width / headDim, headDim]);
  const sizes = rotated === headDim ? [half, half] : [half, half, headDim - rotated];
  const [a, b, ...rest] = g.split(heads, 2, sizes) as [Tensor, Tensor, ...Tensor[]];
  const first = g.sub(g.mul(a, cosine), g.mul(b, sine));
  const second = g.add(g.mul(b, cosine), g.mul(a, sine));
  return g.reshape(g.concat([first, second, ...rest], 2), x.shape);
}

/** The same in the layout of GPT-J: a pair is the components 2j and 2j + 1 of a head. */
export function rotateInterleaved(x: Tensor, { cosine, sine }: Rotation, headDim: number, rotated: number): Tensor {
  const half = rotated / 2;
  const [N, heads] = [x.shape[0]!, (x.shape[1] as number) / headDim];
  const whole = g.reshape(x, [N, heads, headDim]);
  const [turning, ...rest] = (rotated === headDim ? [whole] : g.split(whole, 2, [rotated, headDim - rotated])) as [
    Tensor,
    ...Tensor[],
  ];
  const pairs = g.split(g.reshape(turning, [N, heads, half, 2]), 3, [1, 1]);
  const [a, b] = pairs.map(part => g.reshape(part, [N, heads, half])) as [Tensor, Tensor];
  const first = g.sub(g.mul(a, cosine), g.mul(b, sine));
  const second = g.add(g.mul(b, cosine), g.mul(a, sine));
  const column = (part: Tensor) => g.reshape(part, [N, heads, half, 1]);
  const turned = g.reshape(g.concat([column(first), column(second)], 3), turning.shape);
  return g.reshape(g.concat([turned, ...rest], 2), x.shape);
}
