import type { TensorSpec } from '../../src/model/decoder.ts';
import { randomStream } from '../../src/statistics/random.ts';

/** How the numbers of a checkpoint are stored. */
export type StoredAs = 'F32' | 'F16' | 'BF16';

export const BYTES: Readonly<Record<StoredAs, number>> = { F32: 4, F16: 2, BF16: 2 };

const PIECE_VALUES = 1 << 22;
const LEVELS = 256;

/**
 * Random weights as bytes, piece by piece: k / 4096 with k uniform on -128 ... 127 (standard
 * deviation 0.018), which all stored types represent exactly, so that a checkpoint computes the
 * same numbers in each. Scales of norms (one axis, no bias) are 1.
 *
 * @param index of the tensor in its checkpoint; with the seed it determines the numbers
 */
export function* randomWeights(
  { name, shape }: TensorSpec,
  { dtype, seed, index }: { readonly dtype: StoredAs; readonly seed: number; readonly index: number },
): Generator<Uint8Array> {
  const count = shape.reduce((product, size) => product * size, 1);
  const isScale = shape.length === 1 && !name.endsWith('bias');
  const table = isScale ? stored(dtype, [1]) : levels(dtype);
  const stream = randomStream(seed, index);
  for (let start = 0; start < count; start += PIECE_VALUES) {
    const length = Math.min(PIECE_VALUES, count - start);
    const piece = dtype === 'F32' ? new Float32Array(length) : new Uint16Array(length);
    if (isScale) piece.fill(table[0]!);
    else {
      for (let i = 0; i < length; i += 4) {
        const bits = stream.next();
        for (let j = 0; j < 4; j++) piece[i + j] = table[(bits >>> (8 * j)) & 0xff]!;
      }
    }
    yield new Uint8Array(piece.buffer);
  }
}

function levels(dtype: StoredAs): Float32Array | Uint16Array {
  return stored(
    dtype,
    Array.from({ length: LEVELS }, (_, k) => (k - LEVELS / 2) / 4096),
  );
}

/** Encodes numbers that need no rounding. */
function stored(dtype: StoredAs, numbers: readonly number[]): Float32Array | Uint16Array {
  const floats = Float32Array.from(numbers);
  if (dtype === 'F32') return floats;
  const bits = new Uint32Array(floats.buffer);
  return Uint16Array.from(bits, word => (dtype === 'BF16' ? word >>> 16 : halfOf(word)));
}

/**
 * binary32 to binary16, for numbers that are zero or normal in both and need no rounding: 5
 * exponent bits with bias 15, 10 fraction bits.
 */
function halfOf(word: number): number {
  const exponent = (word >>> 23) & 0xff;
  if (exponent === 0) return 0;
  return ((word >>> 16) & 0x8000) | ((exponent - 112) << 10) | ((word >>> 13) & 0x3ff);
}
