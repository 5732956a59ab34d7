import { readExactly, withFile } from '../../files/file-bytes.ts';
import { widen } from '../../half.ts';
import type { TensorLocation } from '../checkpoint.ts';

/**
 * The values of a tensor as float32; reads only its bytes.
 *
 * @throws UserError when the file cannot be read or ends too early.
 */
export async function readTensor(location: TensorLocation): Promise<Float32Array> {
  const { file, offset, length, dtype } = location;
  return withFile(file, async handle => {
    const bytes = new Uint8Array(length);
    await readExactly(handle, file, bytes, offset);
    if (dtype === 'F32') return new Float32Array(bytes.buffer);
    return widen(new Uint16Array(bytes.buffer), dtype);
  });
}

// Numbers.
const COMPARED_AT_ONCE = 1 << 20;

/**
 * Whether two tensors have the same shape and the same numbers, however they are stored. Reads no
 * further than the first difference; two locations of the same bytes are not read at all.
 *
 * @throws UserError when a file cannot be read
 */
export async function areEqual(a: TensorLocation, b: TensorLocation): Promise<boolean> {
  if (String(a.shape) !== String(b.shape)) return false;
  if (a.file === b.file && a.offset === b.offset && a.dtype === b.dtype) return true;
  const count = a.shape.reduce((product, size) => product * size, 1);
  return withFile(a.file, left =>
    withFile(b.file, async right => {
      for (let at = 0; at < count; at += COMPARED_AT_ONCE) {
        const [x, y] = [await numbers(left, a, at), await numbers(right, b, at)];
        if (x.some((value, i) => value !== y[i])) return false;
      }
      return true;
    }),
  );

  async function numbers(handle: Parameters<typeof readExactly>[0], tensor: TensorLocation, from: number) {
    const bytes = tensor.dtype === 'F32' ? 4 : 2;
    const piece = new Uint8Array(bytes * Math.min(COMPARED_AT_ONCE, count - from));
    await readExactly(handle, tensor.file, piece, tensor.offset + bytes * from);
    return tensor.dtype === 'F32' ? new Float32Array(piece.buffer) : widen(new Uint16Array(piece.buffer), tensor.dtype);
  }
}
