import { UserError } from '../../error.ts';
import { realPath } from '../../files/file-bytes.ts';
import { type ByteSource, memorySource } from '../byte-source.ts';
import { isStoredType } from '../checkpoint.ts';
import { readHeader, type SafetensorsHeader } from '../formats/safetensors/header.ts';
import { tensorValues } from '../tensor-values.ts';
import { withFileSource } from './file-source.ts';

/**
 * Where the tensors of one safetensors file lie, and its metadata; reads the header only.
 *
 * @throws UserError when the file breaks the format, naming the file and the tensor.
 */
export async function readSafetensorsHeader(file: string): Promise<SafetensorsHeader> {
  const path = await realPath(file);
  return withFileSource(path, source => readHeader(source, path, failureIn(file)));
}

function failureIn(file: string): (what: string) => never {
  return what => {
    throw new UserError(`${file}: not a valid safetensors file: ${what}; fetch or write it again`);
  };
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
  return withFileSource(await realPath(file), source => tensorsOf(source, file));
}

/**
 * As `readSafetensors`, of the bytes of a file.
 *
 * @param file for messages
 */
export function parseSafetensors(file: string, bytes: Uint8Array): Promise<Map<string, TensorRead>> {
  return tensorsOf(memorySource(file, bytes), file);
}

async function tensorsOf(source: ByteSource, file: string): Promise<Map<string, TensorRead>> {
  const { tensors } = await readHeader(source, file, failureIn(file));
  const all = new Map<string, TensorRead>();
  for (const location of tensors.values()) {
    const { name, dtype, shape } = location;
    if (isStoredType(dtype)) {
      all.set(name, { shape, dtype, data: await tensorValues(source, { ...location, dtype }) });
      continue;
    }
    if (dtype !== 'I32' && dtype !== 'I64') {
      throw new UserError(`${file}: tensor ${name} is stored as ${dtype}; readable are F32, F16, BF16, I32 and I64`);
    }
    const { buffer } = await source.read(location.offset, location.length);
    all.set(name, { shape, dtype, data: dtype === 'I32' ? new Int32Array(buffer) : new BigInt64Array(buffer) });
  }
  return all;
}
