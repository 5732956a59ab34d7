import { closeSync, fstatSync, openSync, realpathSync } from 'node:fs';
import { UserError } from '../../error.ts';
import { fileError, readExactly, readExactlySync, withFile } from '../../files/file-bytes.ts';
import { BLOCK_FORMATS, unpackBlocks } from '../formats/gguf/blocks/blocks.ts';
import { type Gguf, type GgufTensor, parseGguf } from '../formats/gguf/parse-gguf.ts';
import type { TensorReaders } from '../formats/gguf/weights.ts';

// Most headers fit, and all without a vocabulary.
const FIRST_READ = 2 << 20;

/**
 * Reads the header of a GGUF file (version 2 or 3, little-endian): metadata and where the tensors
 * lie.
 *
 * @param options.vocabulary false leaves out arrays longer than 1024 elements (tokens, merges,
 * scores), which is quicker.
 * @throws UserError when the file breaks the format, naming what is wrong.
 */
export function readGguf(file: string, { vocabulary = true }: { readonly vocabulary?: boolean } = {}): Gguf {
  const fail = (what: string): never => {
    throw new UserError(`${file}: not a usable GGUF file: ${what}`);
  };
  let descriptor: number | undefined;
  try {
    const path = realpathSync(file);
    descriptor = openSync(path, 'r');
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new UserError(`${file}: not a regular file; a file is needed`);
    const { size } = stat;
    let bytes = new Uint8Array(0);
    for (let needs = FIRST_READ; ; ) {
      const grown = new Uint8Array(Math.min(size, Math.max(needs, 2 * bytes.length)));
      grown.set(bytes);
      readExactlySync(descriptor, file, grown.subarray(bytes.length), bytes.length);
      bytes = grown;
      const parsed = parseGguf(bytes, { file: path, size, vocabulary, fail });
      if (!('needs' in parsed)) return parsed;
      needs = parsed.needs;
    }
  } catch (error) {
    throw fileError(file, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * Rows of a GGUF tensor as float32, [count, innermost size]; reads only their bytes.
 *
 * @throws UserError when the file cannot be read or ends too early.
 */
async function readRows(tensor: GgufTensor, first: number, count: number): Promise<Float32Array> {
  const { values, bytes } = BLOCK_FORMATS[tensor.type];
  const rowBytes = (tensor.shape.at(-1)! / values) * bytes;
  return withFile(tensor.file, async handle => {
    const packed = new Uint8Array(count * rowBytes);
    await readExactly(handle, tensor.file, packed, tensor.offset + first * rowBytes);
    return unpackBlocks(tensor.type, packed);
  });
}

/** Number of rows: the product of all sizes but the innermost. */
function rowCount(tensor: Pick<GgufTensor, 'shape'>): number {
  return tensor.shape.slice(0, -1).reduce((product, size) => product * size, 1);
}

/** All values of a small GGUF tensor. */
export function readGgufTensor(tensor: GgufTensor): Promise<Float32Array> {
  return readRows(tensor, 0, rowCount(tensor));
}

/** Reads the values of tensors in GGUF files. */
export const ggufReaders: TensorReaders = { readRows, readTensor: readGgufTensor };
