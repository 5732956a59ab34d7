import { closeSync, openSync, readSync } from 'node:fs';
import { UserError } from '../../error.ts';
import type { Location, TensorData } from '../protocol.ts';
import { readTensor } from '../read-tensor.ts';

/**
 * Reads a float tensor from its file as float32.
 * @throws UserError as `readTensor`, and when the file cannot be read or ends too early
 */
export function readFileTensor(location: Location): TensorData {
  const { file, name } = location;
  let descriptor: number | undefined;
  try {
    return readTensor(location, (target, offset) => {
      descriptor ??= openFile(file);
      readExactly(descriptor, target, offset, { file, name });
    });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function openFile(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (error) {
    throw new UserError(`${file}: cannot be opened (${(error as NodeJS.ErrnoException).code ?? error})`, {
      cause: error,
    });
  }
}

function readExactly(
  descriptor: number,
  bytes: Uint8Array,
  position: number,
  { file, name }: Pick<Location, 'file' | 'name'>,
): void {
  for (let done = 0; done < bytes.length; ) {
    const read = readSync(descriptor, bytes, done, bytes.length - done, position + done);
    if (read === 0) throw new UserError(`${file}: ends before the last byte of tensor ${name}; it may be cut off`);
    done += read;
  }
}
