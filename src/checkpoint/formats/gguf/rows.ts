import { BLOCK_FORMATS } from './blocks/blocks.ts';
import type { GgufTensor } from './parse-gguf.ts';

/** Rows of a tensor: all of its dimensions but the innermost. */
export function rowCount({ shape }: GgufTensor): number {
  return shape.slice(0, -1).reduce((product, size) => product * size, 1);
}

/** Where rows of a tensor lie in the file, in bytes. */
export function placeOfRows(tensor: GgufTensor, first: number, count: number): { offset: number; length: number } {
  const { values, bytes } = BLOCK_FORMATS[tensor.type];
  const rowBytes = (tensor.shape.at(-1)! / values) * bytes;
  return { offset: tensor.offset + first * rowBytes, length: count * rowBytes };
}
