import { writeArrays, writeAtomically } from '../../files/atomic-file.ts';
import { layOutSafetensors, type TensorOutline } from '../formats/safetensors/layout.ts';

export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | BigInt64Array;
}

/**
 * Writes tensors (F32, I32, I64) as one safetensors file: offsets aligned to 8 where sizes allow
 * it, names in order, the same bytes for the same tensors in any order. The file is written whole
 * or not at all.
 *
 * @throws UserError naming the path when the disk refuses.
 */
export async function writeSafetensors(
  file: string,
  tensors: Iterable<TensorToWrite>,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  const outlines = [...tensors].map(({ name, shape, data }) => {
    const elements = shape.reduce((product, size) => product * size, 1);
    if (elements !== data.length) {
      throw new Error(`tensor ${name} of shape [${shape.join(', ')}] cannot hold ${data.length} values`);
    }
    return { name, dtype: storedName(data), shape, length: data.byteLength, data };
  });
  await writeSafetensorsOneByOne(file, outlines, async ({ data }) => data, metadata);
}

/**
 * As `writeSafetensors`, with the data of a tensor made when its turn comes: gigabytes of weights
 * need the memory of the largest tensor. What `dataOf` returns must stay as it is until the file is
 * written.
 */
export async function writeSafetensorsOneByOne<T extends TensorOutline>(
  file: string,
  tensors: readonly T[],
  dataOf: (tensor: T) => Promise<TensorToWrite['data']>,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  const layout = layOutSafetensors(tensors, { alignment: 8, ...(metadata && { metadata }) });
  async function* arrays() {
    yield layout.header;
    for (const { tensor } of layout.placed) {
      const { buffer, byteOffset, byteLength } = await dataOf(tensor);
      yield new Uint8Array(buffer, byteOffset, byteLength);
    }
  }
  await writeAtomically(file, layout.totalBytes, handle => writeArrays(handle, arrays()));
}

function storedName(data: TensorToWrite['data']): 'F32' | 'I32' | 'I64' {
  if (data instanceof Float32Array) return 'F32';
  return data instanceof Int32Array ? 'I32' : 'I64';
}
