import { closeSync, fstatSync, openSync, realpathSync } from 'node:fs';
import { UserError } from '../../error.ts';
import { fileError, readExactlySync } from '../../files/file-bytes.ts';
import { type Gguf, parseGguf } from '../formats/gguf/parse-gguf.ts';
import { ggufReaders } from '../formats/gguf/readers.ts';
import type { TensorReaders } from '../formats/gguf/weights.ts';
import { withFileSource } from './file-source.ts';

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

/** Reads the values of tensors in GGUF files. */
export const fileReaders: TensorReaders = ggufReaders(withFileSource);
