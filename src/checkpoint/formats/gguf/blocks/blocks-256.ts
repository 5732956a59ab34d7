/**
 * @file Blocks of 256 numbers as ggml defines them (`ggml-quants.c`). Scales are binary16, bytes
 * little-endian.
 */
import { halfTable } from '../../../../half.ts';
import { IQ4_VALUES } from './blocks-32.ts';

function signed(byte: number): number {
  return (byte << 24) >> 24;
}

/**
 * [16 bytes of a group scale (low half) and a group minimum, 64 bytes, scale, minimum scale]: x =
 * scale s_g q - minimum m_g, groups of 16. Each half of a block (128 values) is four runs of 32:
 * run r has its two bits at bit 2r of byte i.
 */
export function unpackQ2_K(packed: Uint8Array, target: Float32Array): void {
  const half = halfTable();
  for (let at = 0, to = 0; at < packed.length; at += 84, to += 256) {
    const scale = half[packed[at + 80]! | (packed[at + 81]! << 8)]!;
    const minimum = half[packed[at + 82]! | (packed[at + 83]! << 8)]!;
    for (let group = 0; group < 16; group++) {
      const scales = packed[at + group]!;
      const groupScaled = scale * (scales & 15);
      const groupOffset = minimum * (scales >> 4);
      const run = group >> 1;
      const from = at + 16 + (run >> 2) * 32 + (group & 1) * 16;
      const shift = (run & 3) * 2;
      for (let i = 0; i < 16; i++) {
        target[to + 16 * group + i] = groupScaled * ((packed[from + i]! >> shift) & 3) - groupOffset;
      }
    }
  }
}

/**
 * [32 bytes of third bits, 64 bytes as in Q2_K, 12 bytes of 16 group scales, scale]: x = scale (s_g
 * - 32) (q - 4), groups of 16. Bit r of third byte i belongs to value i of run r (of 8 runs of 32).
 * Group scale g has its four low bits in byte g mod 8, in the low (g < 8) or high half, and its two
 * upper bits at bit 2 (g / 4) of byte 8 + g mod 4.
 */
export function unpackQ3_K(packed: Uint8Array, target: Float32Array): void {
  const half = halfTable();
  for (let at = 0, to = 0; at < packed.length; at += 110, to += 256) {
    const scale = half[packed[at + 108]! | (packed[at + 109]! << 8)]!;
    for (let group = 0; group < 16; group++) {
      const lower = (packed[at + 96 + (group & 7)]! >> ((group >> 3) * 4)) & 15;
      const upper = (packed[at + 104 + (group & 3)]! >> ((group >> 2) * 2)) & 3;
      const groupScaled = scale * ((lower | (upper << 4)) - 32);
      const run = group >> 1;
      const within = (group & 1) * 16;
      const from = at + 32 + (run >> 2) * 32 + within;
      const shift = (run & 3) * 2;
      for (let i = 0; i < 16; i++) {
        const third = ((packed[at + within + i]! >> run) & 1) << 2;
        target[to + 16 * group + i] = groupScaled * ((((packed[from + i]! >> shift) & 3) | third) - 4);
      }
    }
  }
}

/**
 * The 6-bit scale and minimum of group `g` (of 8) from the 12 bytes at `at`: groups 0-3 are the low
 * six bits of bytes g and g+4; groups 4-7 take four bits from byte g+4 and their upper two from the
 * spare bits of bytes g-4 and g.
 */
function groupScale(packed: Uint8Array, at: number, g: number): number {
  if (g < 4) return packed[at + g]! & 63;
  return (packed[at + g + 4]! & 15) | ((packed[at + g - 4]! >> 6) << 4);
}

function groupMinimum(packed: Uint8Array, at: number, g: number): number {
  if (g < 4) return packed[at + g + 4]! & 63;
  return (packed[at + g + 4]! >> 4) | ((packed[at + g]! >> 6) << 4);
}

/**
 * [scale, minimum scale, 12 bytes of 8 group scales and minimums, 128 bytes]: x = scale s_g q -
 * minimum m_g.
 */
export function unpackQ4_K(packed: Uint8Array, target: Float32Array): void {
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

/**
 * As Q4_K with 32 bytes of fifth bits before the numbers: bit g of byte i belongs to value i of
 * group g.
 */
export function unpackQ5_K(packed: Uint8Array, target: Float32Array): void {
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
 * [128 bytes of lower halves, 64 bytes of upper quarters, 16 signed group scales, scale]: x = scale
 * s_g (q - 32), groups of 16. Each half of a block (128 values) is four runs of 32: run r has its
 * four low bits in the low (r < 2) or high halves of bytes 32 (r mod 2) + i, and its two upper bits
 * at bit 2r of upper byte i.
 */
export function unpackQ6_K(packed: Uint8Array, target: Float32Array): void {
  const half = halfTable();
  for (let at = 0, to = 0; at < packed.length; at += 210, to += 256) {
    const scale = half[packed[at + 208]! | (packed[at + 209]! << 8)]!;
    for (let group = 0; group < 16; group++) {
      const groupScaled = scale * signed(packed[at + 192 + group]!);
      const run = group >> 1;
      const within = (group & 1) * 16;
      const low = at + (run >> 2) * 64 + (run & 1) * 32 + within;
      const lowShift = (run & 2) * 2;
      const high = at + 128 + (run >> 2) * 32 + within;
      const highShift = (run & 3) * 2;
      for (let i = 0; i < 16; i++) {
        const q = ((packed[low + i]! >> lowShift) & 15) | (((packed[high + i]! >> highShift) & 3) << 4);
        target[to + 16 * group + i] = groupScaled * (q - 32);
      }
    }
  }
}

/**
 * [scale as float32, 256 signed bytes, 16 sums of 16 numbers each, which nothing needs here]: x =
 * scale q.
 */
export function unpackQ8_K(packed: Uint8Array, target: Float32Array): void {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  for (let at = 0, to = 0; at < packed.length; at += 292, to += 256) {
    const scale = view.getFloat32(at, true);
    for (let i = 0; i < 256; i++) target[to + i] = scale * signed(packed[at + 4 + i]!);
  }
}

/**
 * [scale, 2 bytes of upper bits of the group scales, 4 bytes of two lower halves, 128 bytes of two
 * 4-bit numbers]: x = scale (s_g - 32) IQ4_VALUES[q], groups of 32 in the order of IQ4_NL.
 */
export function unpackIQ4_XS(packed: Uint8Array, target: Float32Array): void {
  const half = halfTable();
  for (let at = 0, to = 0; at < packed.length; at += 136, to += 256) {
    const scale = half[packed[at]! | (packed[at + 1]! << 8)]!;
    const upper = packed[at + 2]! | (packed[at + 3]! << 8);
    for (let g = 0; g < 8; g++) {
      const lower = (packed[at + 4 + (g >> 1)]! >> ((g & 1) * 4)) & 15;
      const groupScaled = scale * ((lower | (((upper >> (2 * g)) & 3) << 4)) - 32);
      const pairs = at + 8 + 16 * g;
      for (let i = 0; i < 16; i++) {
        const pair = packed[pairs + i]!;
        target[to + 32 * g + i] = groupScaled * IQ4_VALUES[pair & 15]!;
        target[to + 32 * g + 16 + i] = groupScaled * IQ4_VALUES[pair >> 4]!;
      }
    }
  }
}
