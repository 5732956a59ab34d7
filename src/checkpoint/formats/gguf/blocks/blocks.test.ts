import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSafetensors } from '../../../sources/read-safetensors.ts';
import { BLOCK_FORMATS, type BlockType, unpackBlocks } from './blocks.ts';

const HALF = { one: [0x00, 0x3c], half: [0x00, 0x38], minusTwo: [0x00, 0xc0], quarter: [0x00, 0x34] } as const;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const bytes = (...parts: readonly (readonly number[])[]): Uint8Array => Uint8Array.from(parts.flat());

/** 16 bytes whose low halves count 0..15 and whose high halves count 15..0. */
const UP_AND_DOWN = range(16).map(i => i | ((15 - i) << 4));

describe('single values', () => {
  test('F32', () => {
    expect([...unpackBlocks('F32', new Uint8Array(Float32Array.of(1.5, -0.1).buffer))]).toEqual([
      1.5,
      Math.fround(-0.1),
    ]);
  });

  test('F16: one, the smallest subnormal, the largest, infinity, NaN, minus zero', () => {
    const packed = bytes([0, 0x3c], [1, 0], [0xff, 0x7b], [0, 0xfc], [1, 0x7c], [0, 0x80], [0x55, 0x35]);
    const expected = [1, 2 ** -24, 65504, Number.NEGATIVE_INFINITY, Number.NaN, -0, 1365 / 4096];
    expect([...unpackBlocks('F16', packed)]).toEqual(expected);
  });

  test('BF16: the upper half of a float32', () => {
    expect([...unpackBlocks('BF16', bytes([0x80, 0x3f], [0x49, 0x40], [0x80, 0xff], [0x00, 0x80]))]).toEqual([
      1,
      3.140625,
      Number.NEGATIVE_INFINITY,
      -0,
    ]);
  });
});

describe('blocks of 32', () => {
  test('Q4_0: scale (q - 8)', () => {
    const expected = [...range(16).map(i => 0.5 * (i - 8)), ...range(16).map(i => 0.5 * (7 - i))];
    expect([...unpackBlocks('Q4_0', bytes(HALF.half, UP_AND_DOWN))]).toEqual(expected);
    expect(expected.slice(0, 3)).toEqual([-4, -3.5, -3]);
  });

  test('Q4_1: scale q + minimum', () => {
    const expected = [...range(16).map(i => 0.5 * i - 2), ...range(16).map(i => 0.5 * (15 - i) - 2)];
    expect([...unpackBlocks('Q4_1', bytes(HALF.half, HALF.minusTwo, UP_AND_DOWN))]).toEqual(expected);
  });

  test('Q5_0: the fifth bit of value i is bit i of four bytes', () => {
    // Values 0, 9, 18 and 31 have their fifth bit.
    const fifth = [0b00000001, 0b00000010, 0b00000100, 0b10000000];
    const plain = [...range(16), ...range(16).map(i => 15 - i)];
    const expected = plain.map((q, i) => q + ([0, 9, 18, 31].includes(i) ? 16 : 0) - 16);
    expect([...unpackBlocks('Q5_0', bytes(HALF.one, fifth, UP_AND_DOWN))]).toEqual(expected);
    expect([expected[0], expected[1], expected[31]]).toEqual([0, -15, 0]);
  });

  test('Q5_1: with a minimum instead of 16', () => {
    const fifth = [0b00000001, 0b00000010, 0b00000100, 0b10000000];
    const plain = [...range(16), ...range(16).map(i => 15 - i)];
    const expected = plain.map((q, i) => 0.25 * (q + ([0, 9, 18, 31].includes(i) ? 16 : 0)) - 2);
    expect([...unpackBlocks('Q5_1', bytes(HALF.quarter, HALF.minusTwo, fifth, UP_AND_DOWN))]).toEqual(expected);
  });

  test('Q8_0: scale times a signed byte', () => {
    const q = range(32).map(i => (i * 37) % 256);
    const expected = q.map(value => -2 * (value < 128 ? value : value - 256));
    expect([...unpackBlocks('Q8_0', bytes(HALF.minusTwo, q))]).toEqual(expected);
  });
});

/**
 * Packs eight 6-bit scales and eight 6-bit minimums into 12 bytes, bit by bit as the format lists
 * them.
 */
function packGroups(scales: readonly number[], minimums: readonly number[]): number[] {
  const packed = new Array<number>(12).fill(0);
  for (let g = 0; g < 4; g++) {
    packed[g] = scales[g]! + (Math.floor(scales[g + 4]! / 16) << 6);
    packed[g + 4] = minimums[g]! + (Math.floor(minimums[g + 4]! / 16) << 6);
    packed[g + 8] = (scales[g + 4]! % 16) + (minimums[g + 4]! % 16) * 16;
  }
  return packed;
}

const six = fc.array(fc.nat(63), { minLength: 8, maxLength: 8 });
const numbers = (most: number) => fc.array(fc.nat(most), { minLength: 256, maxLength: 256 });

describe('blocks of 256', () => {
  test('Q4_K by hand: group 0 and group 5', () => {
    const groups = packGroups([3, 0, 0, 0, 0, 33, 0, 0], [1, 0, 0, 0, 0, 17, 0, 0]);
    const pairs = new Array<number>(128).fill(0);
    pairs[0] = 0x0a; // value 0 of group 0 is 10
    pairs[2 * 32 + 31] = 0xf0; // value 31 of group 5 is 15
    const values = unpackBlocks('Q4_K', bytes(HALF.half, HALF.one, groups, pairs));
    expect(values[0]).toBe(0.5 * 3 * 10 - 1);
    expect(values[1]).toBe(-1);
    expect(values[5 * 32 + 31]).toBe(0.5 * 33 * 15 - 17);
    expect(values[5 * 32]).toBe(-17);
    expect([...values.subarray(32, 160)].every(value => value === 0)).toBe(true);
  });

  test('Q4_K: scale s_g q - minimum m_g for any scales, minimums and numbers', () => {
    fc.assert(
      fc.property(six, six, numbers(15), (scales, minimums, q) => {
        const pairs = range(128).map(i => {
          const low = 64 * Math.floor(i / 32) + (i % 32);
          return q[low]! + 16 * q[low + 32]!;
        });
        const values = unpackBlocks('Q4_K', bytes(HALF.half, HALF.quarter, packGroups(scales, minimums), pairs));
        const expected = q.map((value, i) => 0.5 * scales[i >> 5]! * value - 0.25 * minimums[i >> 5]!);
        expect([...values]).toEqual(expected.map(value => value + 0));
      }),
      { numRuns: 50 },
    );
  });

  test('Q5_K: the fifth bit of value i in group g is bit g of byte i', () => {
    fc.assert(
      fc.property(six, six, numbers(31), (scales, minimums, q) => {
        const fifth = range(32).map(i => range(8).reduce((sum, g) => sum + (q[32 * g + i]! >= 16 ? 2 ** g : 0), 0));
        const pairs = range(128).map(i => {
          const low = 64 * Math.floor(i / 32) + (i % 32);
          return (q[low]! % 16) + 16 * (q[low + 32]! % 16);
        });
        const packed = bytes(HALF.half, HALF.quarter, packGroups(scales, minimums), fifth, pairs);
        const expected = q.map((value, i) => 0.5 * scales[i >> 5]! * value - 0.25 * minimums[i >> 5]!);
        expect([...unpackBlocks('Q5_K', packed)]).toEqual(expected.map(value => value + 0));
      }),
      { numRuns: 50 },
    );
  });

  test('Q6_K by hand: one value of each run of 32', () => {
    const low = new Array<number>(128).fill(0);
    const high = new Array<number>(64).fill(0);
    const scales = range(16).map(i => (i === 1 ? 0xff : i + 1)); // group 1 has scale -1
    low[5] = 0x93; // first half: value 5 has low bits 3, value 64 + 5 has low bits 9
    high[5] = 0b11_10_01_00; // upper bits of values 5, 37, 69, 101
    low[32 + 20] = 0x70; // value 96 + 20 of the first half has low bits 7
    high[32 + 20] = 0b01_00_00_10; // second half: upper bits of values 148, ..., 244
    const values = unpackBlocks('Q6_K', bytes(low, high, scales, HALF.half));
    expect(values[5]).toBe(0.5 * 1 * (3 - 32));
    expect(values[37]).toBe(0.5 * 3 * (16 - 32));
    expect(values[69]).toBe(0.5 * 5 * (32 + 9 - 32));
    expect(values[101]).toBe(0.5 * 7 * (48 - 32));
    expect(values[116]).toBe(0.5 * 8 * (7 - 32));
    expect(values[16]).toBe(0.5 * -1 * -32);
    expect(values[148]).toBe(0.5 * 10 * (32 - 32));
    expect(values[244]).toBe(0.5 * 16 * (16 - 32));
  });

  test('Q6_K: scale s_g (q - 32) for any numbers', () => {
    const signed = fc.array(fc.integer({ min: -128, max: 127 }), { minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(signed, numbers(63), (scales, q) => {
        const low = range(128).map(i => {
          const first = 128 * Math.floor(i / 64) + (i % 64);
          return (q[first]! % 16) + 16 * (q[first + 64]! % 16);
        });
        const high = range(64).map(i => {
          const first = 128 * Math.floor(i / 32) + (i % 32);
          return range(4).reduce((sum, run) => sum + Math.floor(q[first + 32 * run]! / 16) * 4 ** run, 0);
        });
        const values = unpackBlocks(
          'Q6_K',
          bytes(
            low,
            high,
            scales.map(s => s & 255),
            HALF.half,
          ),
        );
        expect([...values].map(value => value + 0)).toEqual(
          q.map((value, i) => 0.5 * scales[i >> 4]! * (value - 32) + 0),
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe('the same bits as the Python package gguf, of random blocks', async () => {
  const golden = await readSafetensors(
    new URL('../../../../../test/golden/gguf/blocks.safetensors', import.meta.url).pathname,
  );
  const types = Object.keys(BLOCK_FORMATS) as BlockType[];

  test.each(types)('%s', type => {
    const [packed, values] = [golden.get(`${type}.packed`)!.data, golden.get(`${type}.values`)!.data];
    const bytes = new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength);
    const unpacked = unpackBlocks(type, bytes);
    expect(unpacked.length).toBeGreaterThanOrEqual(256);
    expect(new Int32Array(unpacked.buffer)).toEqual(values);
  });

  test('for every type', () => expect(golden.size).toBe(2 * types.length));
});

test.each(Object.keys(BLOCK_FORMATS) as BlockType[])('%s: each block alone gives what it gives among others', type => {
  const { values, bytes: size } = BLOCK_FORMATS[type];
  const packed = Uint8Array.from({ length: 3 * size }, (_, i) => (i * 73 + 11) % 251);
  const together = unpackBlocks(type, packed);
  expect(together.length).toBe(3 * values);
  for (let block = 0; block < 3; block++) {
    const alone = unpackBlocks(type, packed.subarray(block * size, (block + 1) * size));
    expect(alone).toEqual(together.slice(block * values, (block + 1) * values));
  }
});

test('part of a block is a mistake of the caller', () => {
  expect(() => unpackBlocks('Q4_0', new Uint8Array(19))).toThrow('no whole number of Q4_0 blocks');
});
