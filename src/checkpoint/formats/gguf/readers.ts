import type { WithSource } from '../../byte-source.ts';
import { BLOCK_FORMATS, unpackBlocks } from './blocks/blocks.ts';
import type { GgufTensor } from './parse-gguf.ts';
import type { TensorReaders } from './weights.ts';

/** Reads the values of tensors in the sources of GGUF files; only their bytes. */
export function ggufReaders(withSource: WithSource): TensorReaders {
  const readRows = (tensor: GgufTensor, first: number, count: number): Promise<Float32Array> => {
    const { values, bytes } = BLOCK_FORMATS[tensor.type];
    const rowBytes = (tensor.shape.at(-1)! / values) * bytes;
    return withSource(tensor.file, async source =>
      unpackBlocks(tensor.type, await source.read(tensor.offset + first * rowBytes, count * rowBytes)),
    );
  };
  const rowCount = (tensor: GgufTensor) => tensor.shape.slice(0, -1).reduce((product, size) => product * size, 1);
  return { readRows, readTensor: tensor => readRows(tensor, 0, rowCount(tensor)) };
}
