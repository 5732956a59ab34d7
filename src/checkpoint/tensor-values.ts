import { widen } from '../half.ts';
import type { ByteSource, WithSource } from './byte-source.ts';
import type { TensorLocation } from './checkpoint.ts';

// Numbers.
const COMPARED_AT_ONCE = 1 << 20;
const WIDTHS = { F32: 4, F16: 2, BF16: 2 } as const;

/** Numbers `from` to `to` of a tensor as float32. */
async function numbers(
  source: ByteSource,
  { dtype, offset }: TensorLocation,
  from: number,
  to: number,
): Promise<Float32Array> {
  const width = WIDTHS[dtype];
  const { buffer } = await source.read(offset + width * from, width * (to - from));
  return dtype === 'F32' ? new Float32Array(buffer) : widen(new Uint16Array(buffer), dtype);
}

/** All numbers of a tensor as float32. */
export function tensorValues(source: ByteSource, location: TensorLocation): Promise<Float32Array> {
  return numbers(source, location, 0, location.length / WIDTHS[location.dtype]);
}

/**
 * Whether two tensors have the same shape and the same numbers, however they are stored. Reads no
 * further than the first difference; two locations of the same bytes are not read at all.
 *
 * @throws UserError when a source cannot be read
 */
export async function areEqual(a: TensorLocation, b: TensorLocation, withSource: WithSource): Promise<boolean> {
  if (String(a.shape) !== String(b.shape)) return false;
  if (a.file === b.file && a.offset === b.offset && a.dtype === b.dtype) return true;
  const count = a.shape.reduce((product, size) => product * size, 1);
  return withSource(a.file, left =>
    withSource(b.file, async right => {
      for (let from = 0; from < count; from += COMPARED_AT_ONCE) {
        const to = Math.min(from + COMPARED_AT_ONCE, count);
        const [x, y] = [await numbers(left, a, from, to), await numbers(right, b, from, to)];
        if (x.some((value, i) => value !== y[i])) return false;
      }
      return true;
    }),
  );
}
