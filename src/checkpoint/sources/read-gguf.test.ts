import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  entry,
  f32,
  ggufFile,
  join,
  textEntry,
  textsEntry,
  u8,
  u32,
  u32Entry,
  u64,
  VALUE,
} from '../../../test/gguf-file.ts';
import { UserError } from '../../error.ts';
import { readGguf } from './read-gguf.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(joinPath(tmpdir(), 'dualform-gguf-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(bytes: Uint8Array): string {
  const file = joinPath(folder, 'model.gguf');
  writeFileSync(file, bytes);
  return file;
}

const weight = { name: 'w', type: 0, sizes: [3, 2], data: f32(1, 2, 3, 4, 5, 6) };
const arrayOf = (type: number, count: number | bigint, ...items: Uint8Array[]) => join(u32(type), u64(count), ...items);

describe('readGguf reads', () => {
  test('every kind of value, and tensors outermost dimension first', () => {
    const entries = [
      textEntry('name', 'Größe'),
      u32Entry('u32', 4_000_000_000),
      entry('i32', VALUE.i32, u32(0xfffffffe)),
      entry('f32', VALUE.f32, f32(0.5)),
      entry('yes', VALUE.bool, u8(1)),
      entry('exact', VALUE.u64, u64(2 ** 53 - 1)),
      entry('large', VALUE.u64, u64(2n ** 64n - 1n)),
      entry('floats', VALUE.array, arrayOf(VALUE.f32, 2, f32(1, 2))),
      textsEntry('texts', ['a', '', 'Ġb']),
      entry('nested', VALUE.array, arrayOf(VALUE.array, 2, arrayOf(VALUE.u8, 1, u8(7)), arrayOf(VALUE.u8, 0))),
    ];
    const bytes = ggufFile({ entries, tensors: [weight, { ...weight, name: 'v' }] });
    const file = write(bytes);
    const gguf = readGguf(file);
    expect(gguf.file).toBe(realpathSync(file));
    expect(gguf.version).toBe(3);
    expect(Object.fromEntries(gguf.metadata)).toEqual({
      name: 'Größe',
      u32: 4_000_000_000,
      i32: -2,
      f32: 0.5,
      yes: true,
      exact: 2 ** 53 - 1,
      large: 2n ** 64n - 1n,
      floats: Float32Array.of(1, 2),
      texts: ['a', '', 'Ġb'],
      nested: [Uint8Array.of(7), new Uint8Array(0)],
    });
    const first = gguf.tensors.get('w')!;
    expect(first).toEqual({
      name: 'w',
      type: 'F32',
      shape: [2, 3],
      file: gguf.file,
      offset: bytes.length - 64,
      length: 24,
    });
    expect(gguf.tensors.get('v')!.offset).toBe(bytes.length - 32);
    expect(first.offset % 32).toBe(0);
  });

  test('version 2', () => {
    expect(readGguf(write(ggufFile({ version: 2, tensors: [weight] }))).tensors.size).toBe(1);
  });

  test('__proto__ as a key and as a tensor', () => {
    const gguf = readGguf(
      write(ggufFile({ entries: [u32Entry('__proto__', 1)], tensors: [{ ...weight, name: '__proto__' }] })),
    );
    expect([...gguf.metadata.keys(), ...gguf.tensors.keys()]).toEqual(['__proto__', '__proto__']);
  });

  test('a header longer than the first read, with or without its vocabulary', () => {
    const tokens = Array.from({ length: 5000 }, (_, i) => `${i}`.padEnd(600, 'x'));
    const file = write(ggufFile({ entries: [textsEntry('tokens', tokens), u32Entry('after', 9)], tensors: [weight] }));
    expect(readGguf(file).metadata.get('tokens')).toEqual(tokens);
    const short = readGguf(file, { vocabulary: false });
    expect([...short.metadata]).toEqual([['after', 9]]);
    expect(short.tensors).toEqual(readGguf(file).tensors);
  });
});

// Block types of ggml that have no unpacker here: those below 4 bits with tables, and those that no
// published file uses.
test.each([
  ...[
    [9, 'Q8_1'],
    [16, 'IQ2_XXS'],
    [17, 'IQ2_XS'],
    [18, 'IQ3_XXS'],
    [19, 'IQ1_S'],
    [21, 'IQ3_S'],
    [22, 'IQ2_S'],
  ],
  ...[
    [24, 'I8'],
    [28, 'F64'],
    [29, 'IQ1_M'],
    [34, 'TQ1_0'],
    [35, 'TQ2_0'],
    [39, 'MXFP4'],
    [40, 'NVFP4'],
    [41, 'Q1_0'],
  ],
  [99, 'unknown type 99'],
] as const)('type %i is refused as %s', (type, name) => {
  const file = write(ggufFile({ tensors: [{ ...weight, type, sizes: [256] }] }));
  expect(() => readGguf(file)).toThrow(`tensor w is stored as ${name}; supported are F32, F16, BF16, Q4_0`);
});

describe('readGguf refuses', () => {
  const bomb = (depth: number): Uint8Array =>
    depth === 0 ? arrayOf(VALUE.u8, 0) : arrayOf(VALUE.array, 1, bomb(depth - 1));
  const cases: readonly [string, Uint8Array, string][] = [
    ['an empty file', new Uint8Array(0), 'does not start with "GGUF"'],
    ['another file', new TextEncoder().encode('PK\x03\x04 and so on'), 'does not start with "GGUF"'],
    ['a file that ends after the magic', new TextEncoder().encode('GGUF'), 'ends inside the version'],
    ['version 1', ggufFile({ version: 1 }), 'version 1 is not supported, 2 and 3 are'],
    ['version 4', ggufFile({ version: 4 }), 'version 4 is not supported'],
    ['big-endian', ggufFile({ version: 0x03000000 }), 'big-endian'],
    ['2^64-1 tensors', ggufFile({ tensorCount: 2n ** 64n - 1n }), 'number of tensors is 18446744073709551615'],
    ['2^64-1 entries', ggufFile({ entryCount: 2n ** 64n - 1n }), 'metadata entries is 18446744073709551615'],
    ['more entries than there are', ggufFile({ entries: [u32Entry('a', 1)], entryCount: 2 }), 'ends inside'],
    [
      'a key of 2^64-1 bytes',
      ggufFile({ entries: [u64(2n ** 64n - 1n), u32(0), u32(0)] }),
      'length of a metadata key is 1844',
    ],
    ['a key twice', ggufFile({ entries: [u32Entry('a', 1), u32Entry('a', 2)] }), 'key "a" appears twice'],
    ['an unknown value type', ggufFile({ entries: [entry('a', 13, u32(0))] }), 'unknown type 13'],
    [
      'an unknown element type',
      ggufFile({ entries: [entry('a', VALUE.array, arrayOf(99, 0))] }),
      'unknown element type 99',
    ],
    [
      '2^64-1 elements',
      ggufFile({ entries: [entry('a', VALUE.array, arrayOf(VALUE.u32, 2n ** 64n - 1n))] }),
      'length of a is 1844',
    ],
    [
      '2^64-1 strings',
      ggufFile({ entries: [entry('a', VALUE.array, arrayOf(VALUE.text, 2n ** 64n - 1n))] }),
      'length of a is 1844',
    ],
    [
      'arrays in arrays without end',
      ggufFile({ entries: [entry('a', VALUE.array, bomb(1000))] }),
      'nests arrays deeper than 4',
    ],
    ['alignment 0', ggufFile({ entries: [u32Entry('general.alignment', 0)] }), 'general.alignment is 0'],
    ['alignment 12', ggufFile({ entries: [u32Entry('general.alignment', 12)] }), 'general.alignment is 12'],
    ['alignment as text', ggufFile({ entries: [textEntry('general.alignment', '32')] }), 'general.alignment is 32'],
    [
      'alignment 2^31',
      ggufFile({ entries: [u32Entry('general.alignment', 2 ** 31)] }),
      'general.alignment is 2147483648',
    ],
    ['a tensor twice', ggufFile({ tensors: [weight, weight] }), 'tensor "w" appears twice'],
    ['no dimensions', ggufFile({ tensors: [{ ...weight, sizes: [] }] }), 'has 0 dimensions'],
    ['five dimensions', ggufFile({ tensors: [{ ...weight, sizes: [1, 1, 1, 3, 2] }] }), 'has 5 dimensions'],
    [
      'a known quantisation that is not unpacked',
      ggufFile({ tensors: [{ ...weight, type: 17 }] }),
      'stored as IQ2_XS; supported are F32,',
    ],
    ['an unknown quantisation', ggufFile({ tensors: [{ ...weight, type: 4000 }] }), 'unknown type 4000'],
    [
      'part of a block',
      ggufFile({ tensors: [{ ...weight, type: 2 }] }),
      'rows of 3 values, no whole number of Q4_0 blocks',
    ],
    ['an odd offset', ggufFile({ tensors: [{ ...weight, offset: 4 }] }), 'no multiple of the alignment 32'],
    ['an offset of 2^64-1', ggufFile({ tensors: [{ ...weight, offset: 2n ** 64n - 1n }] }), 'offset of w is 1844'],
    ['an offset at the end of the file', ggufFile({ tensors: [{ ...weight, offset: 32 }] }), 'ends at byte'],
    [
      'a shape whose product wraps round',
      ggufFile({ tensors: [{ ...weight, sizes: [2n ** 32n, 2n ** 32n] }] }),
      'larger than the file',
    ],
    [
      'a dimension of 2^64-1',
      ggufFile({ tensors: [{ ...weight, sizes: [2n ** 64n - 1n] }] }),
      'a dimension of w is 1844',
    ],
    ['a dimension of 0', ggufFile({ tensors: [{ ...weight, sizes: [0] }] }), 'tensor w has a dimension of 0'],
    [
      'a huge dimension next to one of 0',
      ggufFile({ tensors: [{ ...weight, sizes: [1_099_494_850_592, 0] }] }),
      'tensor w has a dimension of 0',
    ],
    ['tensors that overlap', ggufFile({ tensors: [weight, { ...weight, name: 'v', offset: 0 }] }), 'overlap'],
    ['a truncated file', ggufFile({ tensors: [weight] }).slice(0, -10), 'ends at byte'],
  ];
  test.each(cases)('%s', (_what, bytes, message) => {
    const file = write(bytes);
    let thrown: unknown;
    try {
      readGguf(file);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UserError);
    expect((thrown as UserError).message).toContain(message);
    expect((thrown as UserError).message.startsWith(`${file}: `)).toBe(true);
  });

  test('a missing file and a folder', () => {
    expect(() => readGguf(joinPath(folder, 'none.gguf'))).toThrow(/none\.gguf: there is no such file/);
    expect(() => readGguf(folder)).toThrow(UserError);
  });
});

test('a file changed at random is read or refused, never anything else', () => {
  const valid = ggufFile({
    entries: [textEntry('general.architecture', 'llama'), textsEntry('tokens', ['a', 'b']), u32Entry('n', 3)],
    tensors: [weight, { ...weight, name: 'v', type: 8, sizes: [32], data: new Uint8Array(34) }],
  });
  const changes = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 5 });
  const keep = fc.oneof({ weight: 4, arbitrary: fc.constant(valid.length) }, fc.nat(valid.length));
  fc.assert(
    fc.property(changes, keep, (edits, length) => {
      const bytes = valid.slice(0, length);
      for (const [at, byte] of edits) if (at < bytes.length) bytes[at] = byte;
      try {
        for (const tensor of readGguf(write(bytes)).tensors.values()) {
          expect(tensor.offset + tensor.length).toBeLessThanOrEqual(bytes.length);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }),
    { numRuns: 600 },
  );
});
