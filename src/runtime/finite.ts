/** Exponent bits of a float32, all set in NaN and infinity alone. */
const exponent = 0x7f800000;

/**
 * Index of the first NaN or infinity, -1 if every number is finite. Looks at the bits: as integers without their sign,
 * all finite float32 lie below the exponent mask, so a block is clean if its largest one does.
 */
export function firstNonFinite(data: Float32Array): number {
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length);
  const block = 4096;
  for (let start = 0; start < bits.length; start += block) {
    const end = Math.min(start + block, bits.length);
    if (mayHoldNonFinite(bits, start, end)) {
      for (let i = start; i < end; i++) if ((bits[i]! & exponent) === exponent) return i;
    }
  }
  return -1;
}

function mayHoldNonFinite(bits: Int32Array, start: number, end: number): boolean {
  // Adding one unit of the lowest exponent bit carries into the sign bit only from an exponent of all ones.
  let carried = 0;
  for (let i = start; i < end; i++) carried |= (bits[i]! & 0x7fffffff) + 0x00800000;
  return carried < 0;
}
