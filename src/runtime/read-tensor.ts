import { UserError } from '../error.ts';
import { widen } from '../half.ts';
import { elementCount, type Location, type TensorData } from './protocol.ts';

/** Stored types that become float32, with bytes an element. */
const widths: ReadonlyMap<string, number> = new Map([
  ['F32', 4],
  ['F16', 2],
  ['BF16', 2],
]);

const chunkElements = 1 << 20;

/** Fills `target` with the bytes of a file or source from `offset` on. */
export type ReadBytes = (target: Uint8Array, offset: number) => void;

/**
 * Reads a float tensor and widens it to float32.
 * @throws UserError when the type cannot be widened, or the length does not fit the shape
 */
export function readTensor(location: Location, read: ReadBytes): TensorData {
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
  const half = dtype === 'F16' || dtype === 'BF16' ? dtype : undefined;
  const chunk = half && new Uint16Array(Math.min(count, chunkElements));
  for (let start = 0; start < count; start += chunkElements) {
    const end = Math.min(start + chunkElements, count);
    const target = chunk?.subarray(0, end - start) ?? data.subarray(start, end);
    read(new Uint8Array(target.buffer, target.byteOffset, target.byteLength), offset + start * width);
    if (half) data.set(widen(target as Uint16Array, half), start);
  }
  return { type: 'float32', dims: shape, data };
}
