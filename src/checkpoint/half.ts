/**
 * One IEEE 754 binary16 number, given by its 16 bits: (-1)^s 2^(e-15) (1 + m/1024), with e = 0 subnormal
 * (2^-14 m/1024) and e = 31 infinity or NaN.
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

/** Widens binary16 bit patterns to float32, exactly. */
export function widenHalf(halves: Uint16Array): Float32Array {
  const values = halfTable();
  const wide = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) wide[i] = values[halves[i]!]!;
  return wide;
}

/** Widens bfloat16 bit patterns (the upper half of a float32) to float32, exactly. */
export function widenBfloat(bfloats: Uint16Array): Float32Array {
  const wide = new Uint32Array(bfloats.length);
  for (let i = 0; i < bfloats.length; i++) wide[i] = bfloats[i]! << 16;
  return new Float32Array(wide.buffer);
}
