import { closeSync, openSync, readSync } from 'node:fs';
import { UserError } from '../../error.ts';
import { widen } from '../../half.ts';
import { elementCount, type Location, type TensorData } from '../protocol.ts';

/** Types that are widened to float32, with bytes per element. */
const widths: ReadonlyMap<string, number> = new Map([
  ['F32', 4],
  ['F16', 2],
  ['BF16', 2],
]);

const chunkElements = 1 << 20;

/**
 * Reads a float tensor from a file and widens it to float32.
 *
 * @throws UserError when the type cannot be widened, the length does not fit the shape, or the file
 * ends too early
 */
export function readTensor(location: Location): TensorData {
  const { name, dtype, shape, file, offset, length } = location;
  const width = widths.get(dtype);
  if (width === undefined) {
    throw new UserError(`${file}: tensor ${name} is stored as ${dtype}; only ${[...widths.keys()].join(', ')} load`);
  }
  const count = elementCount(shape);
  if (length !== count * width) {
    throw new UserError(
      `${file}: tensor ${name} has ${length} bytes, its shape [${shape.join(',')}] needs ${count * width}`,
    );
  }
  const data = new Float32Array(count);
  const descriptor = openFile(file);
  try {
    const half = dtype === 'F16' || dtype === 'BF16' ? dtype : undefined;
    const chunk = half && new Uint16Array(Math.min(count, chunkElements));
    for (let start = 0; start < count; start += chunkElements) {
      const end = Math.min(start + chunkElements, count);
      const target = chunk?.subarray(0, end - start) ?? data.subarray(start, end);
      readExactly(
        descriptor,
        new Uint8Array(target.buffer, target.byteOffset, target.byteLength),
        offset + start * width,
        location,
      );
      if (half) data.set(widen(target as Uint16Array, half), start);
    }
  } finally {
    closeSync(descriptor);
  }
  return { type: 'float32', dims: shape, data };
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

function readExactly(descriptor: number, bytes: Uint8Array, position: number, { file, name }: Location): void {
  for (let done = 0; done < bytes.length; ) {
    const read = readSync(descriptor, bytes, done, bytes.length - done, position + done);
    if (read === 0) throw new UserError(`${file}: ends before the last byte of tensor ${name}; it may be cut off`);
    done += read;
  }
}
