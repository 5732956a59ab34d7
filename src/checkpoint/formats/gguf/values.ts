import { readExactly, withFile } from '../../../files/file-bytes.ts';
import { BLOCK_FORMATS, unpackBlocks } from './blocks/blocks.ts';
import type { GgufTensor } from './read-gguf.ts';

/**
 * Rows of a GGUF tensor as float32, [count, innermost size]; reads only their bytes.
 *
 * @throws UserError when the file cannot be read or ends too early.
 */
export async function readGgufRows(tensor: GgufTensor, first: number, count: number): Promise<Float32Array> {
  const { values, bytes } = BLOCK_FORMATS[tensor.type];
  const rowBytes = (tensor.shape.at(-1)! / values) * bytes;
  return withFile(tensor.file, async handle => {
    const packed = new Uint8Array(count * rowBytes);
    await readExactly(handle, tensor.file, packed, tensor.offset + first * rowBytes);
    return unpackBlocks(tensor.type, packed);
  });
}

/** Number of rows: the product of all sizes but the innermost. */
export function rowCount(tensor: Pick<GgufTensor, 'shape'>): number {
  return tensor.shape.slice(0, -1).reduce((product, size) => product * size, 1);
}

/** All values of a GGUF tensor, which should be a small one. */
export function readGgufTensor(tensor: GgufTensor): Promise<Float32Array> {
  return readGgufRows(tensor, 0, rowCount(tensor));
}
