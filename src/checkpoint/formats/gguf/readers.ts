import type { WithSource } from '../../byte-source.ts';
import { unpackBlocks } from './blocks/blocks.ts';
import type { GgufTensor } from './parse-gguf.ts';
import { placeOfRows, rowCount } from './rows.ts';
import type { TensorReaders } from './weights.ts';

/** Reads the values of tensors in the sources of GGUF files; only their bytes. */
export function ggufReaders(withSource: WithSource): TensorReaders {
  const readRows = (tensor: GgufTensor, first: number, count: number): Promise<Float32Array> => {
    const { offset, length } = placeOfRows(tensor, first, count);
    return withSource(tensor.file, async source => unpackBlocks(tensor.type, await source.read(offset, length)));
  };
  return { readRows, readTensor: tensor => readRows(tensor, 0, rowCount(tensor)) };
}
