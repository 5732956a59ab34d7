import { UserError } from '../../error.ts';
import { realPath } from '../../files/file-bytes.ts';
import { isStoredType } from '../checkpoint.ts';
import { readHeader, type SafetensorsHeader } from '../formats/safetensors/header.ts';
import { withFileSource } from './file-source.ts';
import { readTensor } from './read-tensor.ts';

/**
 * Where the tensors of one safetensors file lie, and its metadata; reads the header only.
 *
 * @throws UserError when the file breaks the format, naming the file and the tensor.
 */
export async function readSafetensorsHeader(file: string): Promise<SafetensorsHeader> {
  const path = await realPath(file);
  const fail = (what: string): never => {
    throw new UserError(`${file}: not a valid safetensors file: ${what}; fetch or write it again`);
  };
  return withFileSource(path, source => readHeader(source, path, fail));
}

export interface TensorRead {
  readonly shape: readonly number[];
  /** As stored in the file; F16 and BF16 are widened in `data`. */
  readonly dtype: string;
  readonly data: Float32Array | Int32Array | BigInt64Array;
}

/**
 * Reads a whole safetensors file into memory: F32, F16, BF16 (as float32), I32 and I64.
 *
 * @throws UserError when the file breaks the format or holds another type.
 */
export async function readSafetensors(file: string): Promise<Map<string, TensorRead>> {
  const { tensors } = await readSafetensorsHeader(file);
  const all = new Map<string, TensorRead>();
  for (const location of tensors.values()) {
    const { name, dtype, shape } = location;
    if (isStoredType(dtype)) {
      all.set(name, { shape, dtype, data: await readTensor({ ...location, dtype }) });
      continue;
    }
    if (dtype !== 'I32' && dtype !== 'I64') {
      throw new UserError(`${file}: tensor ${name} is stored as ${dtype}; readable are F32, F16, BF16, I32 and I64`);
    }
    const bytes = await withFileSource(location.file, source => source.read(location.offset, location.length));
    all.set(name, {
      shape,
      dtype,
      data: dtype === 'I32' ? new Int32Array(bytes.buffer) : new BigInt64Array(bytes.buffer),
    });
  }
  return all;
}
