/**
 * @file Blocks of 32 numbers as ggml defines them (`ggml-quants.c`). Scales are binary16, bytes
 * little-endian.
 */
import { halfTable } from '../../../../half.ts';

/**
 * [scale, 16 bytes of two 4-bit numbers]: x = scale (q - 8); low halves are values 0-15, high
 * halves 16-31.
 */
export function unpackQ4_0(packed: Uint8Array, target: Float32Array): void {
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
export function unpackQ4_1(packed: Uint8Array, target: Float32Array): void {
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
export function unpackQ5_0(packed: Uint8Array, target: Float32Array): void {
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
export function unpackQ5_1(packed: Uint8Array, target: Float32Array): void {
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
export function unpackQ8_0(packed: Uint8Array, target: Float32Array): void {
  const half = halfTable();
  for (let at = 0, to = 0; at < packed.length; at += 34, to += 32) {
    const scale = half[packed[at]! | (packed[at + 1]! << 8)]!;
    for (let i = 0; i < 32; i++) target[to + i] = scale * ((packed[at + 2 + i]! << 24) >> 24);
  }
}

/** The 16 values of 4-bit numbers in IQ4_NL and IQ4_XS, unevenly spaced. */
export const IQ4_VALUES = Int8Array.of(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

/** [scale, 16 bytes of two 4-bit numbers]: x = scale IQ4_VALUES[q]; the order of Q4_0. */
export function unpackIQ4_NL(packed: Uint8Array, target: Float32Array): void {
  const half = halfTable();
  for (let at = 0, to = 0; at < packed.length; at += 18, to += 32) {
    const scale = half[packed[at]! | (packed[at + 1]! << 8)]!;
    for (let i = 0; i < 16; i++) {
      const pair = packed[at + 2 + i]!;
      target[to + i] = scale * IQ4_VALUES[pair & 15]!;
      target[to + 16 + i] = scale * IQ4_VALUES[pair >> 4]!;
    }
  }
}
