/**
 * One IEEE 754 binary16 number, given by its 16 bits: (-1)^s 2^(e-15) (1 + m/1024), with e = 0
 * subnormal (2^-14 m/1024) and e = 31 infinity or NaN.
 */
function decodeHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const mantissa = half & 1023;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

let table: Float32Array | undefined;

/** The value of every binary16 bit pattern, 65536 entries, made on first use. */
export function halfTable(): Float32Array {
  table ??= Float32Array.from({ length: 65536 }, (_, half) => decodeHalf(half));
  return table;
}

/** Half precision as float32, exactly: bit patterns of binary16 (`F16`) or bfloat16 (`BF16`). */
export function widen(halves: Uint16Array, dtype: 'F16' | 'BF16'): Float32Array {
  return dtype === 'F16' ? widenBinary16(halves) : widenBfloat16(halves);
}

function widenBinary16(halves: Uint16Array): Float32Array {
  const values = halfTable();
  const wide = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) wide[i] = values[halves[i]!]!;
  return wide;
}

/** bfloat16 is the upper half of a float32. */
function widenBfloat16(halves: Uint16Array): Float32Array {
  const wide = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) wide[i] = halves[i]! << 16;
  return new Float32Array(wide.buffer);
}
