import { halfTable } from '../half.ts';

/** Block formats of GGUF files that unpack to float32. */
export type BlockType = 'F32' | 'F16' | 'BF16' | 'Q4_0' | 'Q4_1' | 'Q5_0' | 'Q5_1' | 'Q8_0' | 'Q4_K' | 'Q5_K' | 'Q6_K';

interface BlockFormat {
  /** Values of one block. */
  readonly values: number;
  /** Bytes of one block. */
  readonly bytes: number;
  /** Unpacks `packed`, whole blocks, into `target`. */
  readonly unpack: (packed: Uint8Array, target: Float32Array) => void;
}

/** Sizes and unpackers, as ggml defines the formats. Scales are binary16, bytes little-endian. */
export const BLOCK_FORMATS: Readonly<Record<BlockType, BlockFormat>> = {
  F32: { values: 1, bytes: 4, unpack: unpackF32 },
  F16: { values: 1, bytes: 2, unpack: unpackF16 },
  BF16: { values: 1, bytes: 2, unpack: unpackBF16 },
  Q4_0: { values: 32, bytes: 18, unpack: unpackQ4_0 },
  Q4_1: { values: 32, bytes: 20, unpack: unpackQ4_1 },
  Q5_0: { values: 32, bytes: 22, unpack: unpackQ5_0 },
  Q5_1: { values: 32, bytes: 24, unpack: unpackQ5_1 },
  Q8_0: { values: 32, bytes: 34, unpack: unpackQ8_0 },
  Q4_K: { values: 256, bytes: 144, unpack: unpackQ4_K },
  Q5_K: { values: 256, bytes: 176, unpack: unpackQ5_K },
  Q6_K: { values: 256, bytes: 210, unpack: unpackQ6_K },
};

/**
 * The float32 values of packed blocks.
 *
 * @param packed whole blocks of `type`, one after the other.
 */
export function unpackBlocks(type: BlockType, packed: Uint8Array): Float32Array {
  const { values, bytes, unpack } = BLOCK_FORMATS[type];
  if (packed.length % bytes !== 0) throw new Error(`${packed.length} bytes are no whole number of ${type} blocks`);
  const target = new Float32Array((packed.length / bytes) * values);
  unpack(packed, target);
  return target;
}

function unpackF32(packed: Uint8Array, target: Float32Array): void {
  new Uint8Array(target.buffer, target.byteOffset, packed.length).set(packed);
}

function unpackF16(packed: Uint8Array, target: Float32Array): void {
  const half = halfTable();
  for (let i = 0; i < target.length; i++) target[i] = half[packed[2 * i]! | (packed[2 * i + 1]! << 8)]!;
}

function unpackBF16(packed: Uint8Array, target: Float32Array): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let i = 0; i < bits.length; i++) bits[i] = (packed[2 * i]! << 16) | (packed[2 * i + 1]! << 24);
}

/** [scale, 16 bytes of two 4-bit numbers]: x = scale (q - 8); low halves are values 0-15, high halves 16-31. */
function unpackQ4_0(packed: Uint8Array, target: Float32Array): void {
  const half = halfTable();
  for (let at = 0, to = 0; at < packed.length; at += 18, to += 32) {
    const scale = half[packed[at]! | (packed[at + 1]! << 8)]!;
    for (let i = 0; i < 16; i++) {
      const pair = packed[at + 2 + i]!;
      target[to + i] = scale * ((pair & 15) - 8);
      target[to + 16 + i] = scale * ((pair >> 4) - 8);
    }
  }
}

/** [scale, minimum, 16 bytes of two 4-bit numbers]: x = scale q + minimum. */
function unpackQ4_1(packed: Uint8Array, target: Float32Array): void {
  const half = halfTable();
  for (let at = 0, to = 0; at < packed.length; at += 20, to += 32) {
    const scale = half[packed[at]! | (packed[at + 1]! << 8)]!;
    const minimum = half[packed[at + 2]! | (packed[at + 3]! << 8)]!;
    for (let i = 0; i < 16; i++) {
      const pair = packed[at + 4 + i]!;
      target[to + i] = scale * (pair & 15) + minimum;
      target[to + 16 + i] = scale * (pair >> 4) + minimum;
    }
  }
}

/** [scale, 32 fifth bits, 16 bytes of two 4-bit numbers]: x = scale (q - 16). */
function unpackQ5_0(packed: Uint8Array, target: Float32Array): void {
  const half = halfTable();
  for (let at = 0, to = 0; at < packed.length; at += 22, to += 32) {
    const scale = half[packed[at]! | (packed[at + 1]! << 8)]!;
    const lowBits = packed[at + 2]! | (packed[at + 3]! << 8);
    const highBits = packed[at + 4]! | (packed[at + 5]! << 8);
    for (let i = 0; i < 16; i++) {
      const pair = packed[at + 6 + i]!;
      target[to + i] = scale * (((pair & 15) | (((lowBits >> i) & 1) << 4)) - 16);
      target[to + 16 + i] = scale * (((pair >> 4) | (((highBits >> i) & 1) << 4)) - 16);
    }
  }
}

/** [scale, minimum, 32 fifth bits, 16 bytes of two 4-bit numbers]: x = scale q + minimum. */
function unpackQ5_1(packed: Uint8Array, target: Float32Array): void {
  const half = halfTable();
  for (let at = 0, to = 0; at < packed.length; at += 24, to += 32) {
    const scale = half[packed[at]! | (packed[at + 1]! << 8)]!;
    const minimum = half[packed[at + 2]! | (packed[at + 3]! << 8)]!;
    const lowBits = packed[at + 4]! | (packed[at + 5]! << 8);
    const highBits = packed[at + 6]! | (packed[at + 7]! << 8);
    for (let i = 0; i < 16; i++) {
      const pair = packed[at + 8 + i]!;
      target[to + i] = scale * ((pair & 15) | (((lowBits >> i) & 1) << 4)) + minimum;
      target[to + 16 + i] = scale * ((pair >> 4) | (((highBits >> i) & 1) << 4)) + minimum;
    }
  }
}

/** [scale, 32 signed bytes]: x = scale q. */
function unpackQ8_0(packed: Uint8Array, target: Float32Array): void {
  const half = halfTable();
  for (let at = 0, to = 0; at < packed.length; at += 34, to += 32) {
    const scale = half[packed[at]! | (packed[at + 1]! << 8)]!;
    for (let i = 0; i < 32; i++) target[to + i] = scale * ((packed[at + 2 + i]! << 24) >> 24);
  }
}

/**
 * The 6-bit scale and minimum of group `g` (of 8) from the 12 bytes at `at`: groups 0-3 are the low six bits of bytes g
 * and g+4; groups 4-7 take four bits from byte g+4 and their upper two from the spare bits of bytes g-4 and g.
 */
function groupScale(packed: Uint8Array, at: number, g: number): number {
  if (g < 4) return packed[at + g]! & 63;
  return (packed[at + g + 4]! & 15) | ((packed[at + g - 4]! >> 6) << 4);
}

function groupMinimum(packed: Uint8Array, at: number, g: number): number {
  if (g < 4) return packed[at + g + 4]! & 63;
  return (packed[at + g + 4]! >> 4) | ((packed[at + g]! >> 6) << 4);
}

/** [scale, minimum scale, 12 bytes of 8 group scales and minimums, 128 bytes]: x = scale s_g q - minimum m_g. */
function unpackQ4_K(packed: Uint8Array, target: Float32Array): void {
  const half = halfTable();
  for (let at = 0, to = 0; at < packed.length; at += 144, to += 256) {
    const scale = half[packed[at]! | (packed[at + 1]! << 8)]!;
    const minimum = half[packed[at + 2]! | (packed[at + 3]! << 8)]!;
    for (let g = 0; g < 8; g++) {
      const groupScaled = scale * groupScale(packed, at + 4, g);
      const groupOffset = minimum * groupMinimum(packed, at + 4, g);
      const pairs = at + 16 + (g >> 1) * 32;
      const shift = (g & 1) * 4;
      for (let i = 0; i < 32; i++) {
        target[to + 32 * g + i] = groupScaled * ((packed[pairs + i]! >> shift) & 15) - groupOffset;
      }
    }
  }
}

/** As Q4_K with 32 bytes of fifth bits before the numbers: bit g of byte i belongs to value i of group g. */
function unpackQ5_K(packed: Uint8Array, target: Float32Array): void {
  const half = halfTable();
  for (let at = 0, to = 0; at < packed.length; at += 176, to += 256) {
    const scale = half[packed[at]! | (packed[at + 1]! << 8)]!;
    const minimum = half[packed[at + 2]! | (packed[at + 3]! << 8)]!;
    for (let g = 0; g < 8; g++) {
      const groupScaled = scale * groupScale(packed, at + 4, g);
      const groupOffset = minimum * groupMinimum(packed, at + 4, g);
      const pairs = at + 48 + (g >> 1) * 32;
      const shift = (g & 1) * 4;
      for (let i = 0; i < 32; i++) {
        const fifth = ((packed[at + 16 + i]! >> g) & 1) << 4;
        target[to + 32 * g + i] = groupScaled * (((packed[pairs + i]! >> shift) & 15) | fifth) - groupOffset;
      }
    }
  }
}

/**
 * [128 bytes of lower halves, 64 bytes of upper quarters, 16 signed group scales, scale]: x = scale s_g (q - 32), groups
 * of 16. Each half of a block (128 values) is four runs of 32: run r has its four low bits in the low (r < 2) or high
 * halves of bytes 32 (r mod 2) + i, and its two upper bits at bit 2r of upper byte i.
 */
function unpackQ6_K(packed: Uint8Array, target: Float32Array): void {
  const half = halfTable();
  for (let at = 0, to = 0; at < packed.length; at += 210, to += 256) {
    const scale = half[packed[at + 208]! | (packed[at + 209]! << 8)]!;
    for (let run = 0; run < 8; run++) {
      const r = run & 3;
      const low = at + (run >> 2) * 64 + (r & 1) * 32;
      const lowShift = (r >> 1) * 4;
      const high = at + 128 + (run >> 2) * 32;
      for (let i = 0; i < 32; i++) {
        const group = (packed[at + 192 + 2 * run + (i >> 4)]! << 24) >> 24;
        const q = ((packed[low + i]! >> lowShift) & 15) | (((packed[high + i]! >> (2 * r)) & 3) << 4);
        target[to + 32 * run + i] = scale * group * (q - 32);
      }
    }
  }
}
