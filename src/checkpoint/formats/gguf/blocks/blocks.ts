import { halfTable } from '../../../../half.ts';
import { unpackIQ4_NL, unpackQ4_0, unpackQ4_1, unpackQ5_0, unpackQ5_1, unpackQ8_0 } from './blocks-32.ts';
import { unpackIQ4_XS, unpackQ2_K, unpackQ3_K, unpackQ4_K, unpackQ5_K, unpackQ6_K, unpackQ8_K } from './blocks-256.ts';

/** Block formats of GGUF files that unpack to float32. */
export type BlockType =
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'Q4_0'
  | 'Q4_1'
  | 'Q5_0'
  | 'Q5_1'
  | 'Q8_0'
  | 'Q2_K'
  | 'Q3_K'
  | 'Q4_K'
  | 'Q5_K'
  | 'Q6_K'
  | 'Q8_K'
  | 'IQ4_NL'
  | 'IQ4_XS';

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
  Q2_K: { values: 256, bytes: 84, unpack: unpackQ2_K },
  Q3_K: { values: 256, bytes: 110, unpack: unpackQ3_K },
  Q4_K: { values: 256, bytes: 144, unpack: unpackQ4_K },
  Q5_K: { values: 256, bytes: 176, unpack: unpackQ5_K },
  Q6_K: { values: 256, bytes: 210, unpack: unpackQ6_K },
  Q8_K: { values: 256, bytes: 292, unpack: unpackQ8_K },
  IQ4_NL: { values: 32, bytes: 18, unpack: unpackIQ4_NL },
  IQ4_XS: { values: 256, bytes: 136, unpack: unpackIQ4_XS },
};

/**
 * The float32 values of packed blocks.
 *
 * @param packed whole blocks of `type`, one after the other.
 */
export function unpackBlocks(type: BlockType, packed: Uint8Array): Float32Array {
  const { values, bytes } = BLOCK_FORMATS[type];
  const target = new Float32Array(Math.ceil(packed.length / bytes) * values);
  unpackBlocksInto(target, type, packed);
  return target;
}

/** Fills `target` with the values of packed blocks. @throws Error when they are not as many */
export function unpackBlocksInto(target: Float32Array, type: BlockType, packed: Uint8Array): void {
  const { values, bytes, unpack } = BLOCK_FORMATS[type];
  if (packed.length % bytes !== 0) throw new Error(`${packed.length} bytes are no whole number of ${type} blocks`);
  const count = (packed.length / bytes) * values;
  if (target.length !== count) throw new Error(`${count} values do not fill ${target.length}`);
  unpack(packed, target);
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
