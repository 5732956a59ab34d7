import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '../../error.ts';
import { splitByUse } from '../formats/safetensors/header.ts';
import { readSafetensorsHeader } from './read-safetensors.ts';
import { readTensor } from './read-tensor.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dualform-safetensors-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileBytes(header: string | Uint8Array, data: Uint8Array | number, announced?: bigint): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const body = typeof data === 'number' ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + text.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, announced ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(body, 8 + text.length);
  return bytes;
}

function write(bytes: Uint8Array, name = 'model.safetensors'): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

const f32 = (begin: number, end: number, shape = `[${(end - begin) / 4}]`) =>
  `{"dtype":"F32","shape":${shape},"data_offsets":[${begin},${end}]}`;

describe('readSafetensorsHeader reads', () => {
  test('names, types, shapes, places and metadata', async () => {
    const header = `{"__metadata__":{"format":"pt"},"b":${f32(8, 16, '[2,1]')},"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}   `;
    const file = write(fileBytes(header, 16));
    const { tensors, metadata } = await readSafetensorsHeader(file);
    const dataStart = 8 + header.length;
    const real = realpathSync(file);
    expect([...tensors]).toEqual([
      ['b', { name: 'b', dtype: 'F32', shape: [2, 1], file: real, offset: dataStart + 8, length: 8 }],
      ['a', { name: 'a', dtype: 'F16', shape: [4], file: real, offset: dataStart, length: 8 }],
    ]);
    expect([...metadata]).toEqual([['format', 'pt']]);
  });

  test('no metadata where it is null, as the reference implementation reads it', async () => {
    const { tensors, metadata } = await readSafetensorsHeader(
      write(fileBytes(`{"__metadata__":null,"a":${f32(0, 4)}}`, 4)),
    );
    expect([...tensors.keys()]).toEqual(['a']);
    expect(metadata.size).toBe(0);
  });

  test('__proto__, constructor and other names of objects as ordinary names', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const header = `{${names.map((name, i) => `"${name}":${f32(4 * i, 4 * i + 4)}`).join(',')}}`;
    const { tensors } = await readSafetensorsHeader(write(fileBytes(header, 16)));
    expect([...tensors.keys()]).toEqual(names);
    expect(Object.hasOwn(Object.prototype, 'dtype')).toBe(false);
  });

  test('no tensors, scalars and empty tensors', async () => {
    expect((await readSafetensorsHeader(write(fileBytes('{}', 0)))).tensors.size).toBe(0);
    const header = `{"scalar":${f32(0, 4, '[]')},"empty":${f32(4, 4, '[0,7]')},"last":${f32(4, 8)}}`;
    expect((await readSafetensorsHeader(write(fileBytes(header, 8)))).tensors.size).toBe(3);
  });

  test('tensors of other types, which are kept apart from the weights', async () => {
    const header = `{"i":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"new":{"dtype":"F8_E4M3FNUZ","shape":[4],"data_offsets":[8,12]},"w":${f32(12, 16)}}`;
    const { tensors } = await readSafetensorsHeader(write(fileBytes(header, 16)));
    const { weights, others } = splitByUse(tensors.values());
    expect([...weights.keys()]).toEqual(['w']);
    expect([...others]).toEqual([
      ['i', 'I64'],
      ['new', 'F8_E4M3FNUZ'],
    ]);
  });

  test('through a symbolic link, naming the file it points to', async () => {
    const target = write(fileBytes(`{"a":${f32(0, 4)}}`, 4), 'blob');
    const link = join(folder, 'link.safetensors');
    symlinkSync('blob', link);
    expect((await readSafetensorsHeader(link)).tensors.get('a')!.file).toBe(realpathSync(target));
  });
});

describe('readTensor', () => {
  test('widens F16 and BF16 and reads only its own bytes', async () => {
    const data = new Uint8Array(20);
    new Uint16Array(data.buffer, 0, 4).set([0x3c00, 0xc000, 0x0001, 0x7bff]);
    new Uint16Array(data.buffer, 8, 4).set([0x3f80, 0xc000, 0x4049, 0xff80]);
    new Float32Array(data.buffer, 16, 1).set([1.1]);
    const header = `{"h":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[4],"data_offsets":[8,16]},"f":${f32(16, 20)}} `;
    const { weights } = splitByUse((await readSafetensorsHeader(write(fileBytes(header, data)))).tensors.values());
    expect([...(await readTensor(weights.get('h')!))]).toEqual([1, -2, 2 ** -24, 65504]);
    expect([...(await readTensor(weights.get('b')!))]).toEqual([1, -2, 3.140625, Number.NEGATIVE_INFINITY]);
    expect([...(await readTensor(weights.get('f')!))]).toEqual([Math.fround(1.1)]);
  });

  test('a file cut after it was opened is an error', async () => {
    const file = write(fileBytes(`{"a":${f32(0, 8)}}`, 8));
    const location = splitByUse((await readSafetensorsHeader(file)).tensors.values()).weights.get('a')!;
    write(fileBytes(`{"a":${f32(0, 8)}}`, 4));
    await expect(readTensor(location)).rejects.toThrow(/truncated/);
  });
});

describe('readSafetensorsHeader refuses', () => {
  const cases: readonly [string, Uint8Array, string][] = [
    ['an empty file', new Uint8Array(0), '0 bytes are too few'],
    ['seven bytes', new Uint8Array(7), '7 bytes are too few'],
    ['a header beyond the file', fileBytes('{}', 0, 3n), 'a header of 3 bytes is announced, the file has 10'],
    ['a header over the cap', fileBytes('{}', 0, 100_000_001n), '100000000 are allowed'],
    ['a header length with the high bit set', fileBytes('{}', 0, 1n << 63n), '9223372036854775808 bytes is announced'],
    ['an empty header', fileBytes('', 0), 'does not start with "{"'],
    ['a header that starts with a blank', fileBytes(' {}', 0), 'does not start with "{"'],
    ['a byte order mark', fileBytes('\ufeff{}', 0), 'does not start with "{"'],
    ['invalid UTF-8', fileBytes(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), 0), 'not valid UTF-8'],
    ['broken JSON', fileBytes('{"a":', 0), 'a value is expected'],
    ['text after the object', fileBytes('{}x', 0), 'follows the end'],
    ['an unpaired surrogate', fileBytes(`{"\\udc00":${f32(0, 4)}}`, 4), 'unpaired surrogate'],
    ['a tensor twice', fileBytes(`{"a":${f32(0, 4)},"a":${f32(4, 8)}}`, 8), 'the key "a" appears twice'],
    ['dtype twice', fileBytes('{"a":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}', 4), 'twice'],
    ['an entry that is a list', fileBytes('{"a":[]}', 0), 'its entry is not an object'],
    [
      'a dtype that is not known',
      fileBytes('{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}', 4),
      '"F33" is not known',
    ],
    ['no dtype', fileBytes('{"a":{"shape":[1],"data_offsets":[0,4]}}', 4), 'dtype is not a string'],
    ['no shape', fileBytes('{"a":{"dtype":"F32","data_offsets":[0,4]}}', 4), 'shape is not a list'],
    ['three offsets', fileBytes('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}', 4), 'not a pair'],
    ['metadata that is a list', fileBytes('{"__metadata__":[]}', 0), '__metadata__ is not an object'],
    ['metadata that holds a number', fileBytes('{"__metadata__":{"a":1}}', 0), '__metadata__.a is not a string'],
    ['offsets that run backwards', fileBytes(`{"a":${f32(4, 0, '[1]')}}`, 4), 'run backwards'],
    ['offsets beyond the file', fileBytes(`{"a":${f32(0, 8)}}`, 4), 'leave the file'],
    ['offset 1e3', fileBytes('{"a":{"dtype":"F32","shape":[250],"data_offsets":[0,1e3]}}', 1000), 'plain non-negative'],
    ['offset -0', fileBytes('{"a":{"dtype":"F32","shape":[1],"data_offsets":[-0,4]}}', 4), 'plain non-negative'],
    ['offset 4.0', fileBytes('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4.0]}}', 4), 'plain non-negative'],
    [
      'an offset past 2^53',
      fileBytes('{"a":{"dtype":"F32","shape":[1],"data_offsets":[9007199254740993,9007199254740997]}}', 4),
      'plain non-negative',
    ],
    ['a negative size', fileBytes(`{"a":${f32(0, 4, '[-1]')}}`, 4), 'plain non-negative'],
    ['a size as text', fileBytes(`{"a":${f32(0, 4, '["1"]')}}`, 4), 'plain non-negative'],
    ['a shape that does not fit', fileBytes(`{"a":${f32(0, 8, '[3]')}}`, 8), 'shape [3] of F32 does not make 8 bytes'],
    [
      'a shape whose product wraps round at 2^64',
      fileBytes(`{"a":${f32(0, 4, '[4294967297,4294967296,4294967295]')}}`, 4),
      'does not make 4 bytes',
    ],
    ['hundreds of dimensions', fileBytes(`{"a":${f32(0, 4, `[${Array(100).fill(1)}]`)}}`, 4), '100 dimensions'],
    [
      'a product that leaves 64 bits before it is 0',
      fileBytes(`{"a":${f32(0, 0, '[9007199254740991,9007199254740991,0]')}}`, 0),
      'does not make 0 bytes',
    ],
    ['half a byte', fileBytes('{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}}', 1), 'does not make 1 bytes'],
    ['a gap at the start', fileBytes(`{"a":${f32(4, 8)}}`, 8), 'a gap lies before it'],
    ['a gap in the middle', fileBytes(`{"a":${f32(0, 4)},"b":${f32(8, 12)}}`, 12), 'a gap lies before it'],
    ['an overlap', fileBytes(`{"a":${f32(0, 8)},"b":${f32(4, 12)}}`, 12), 'it overlaps another tensor'],
    ['bytes after the last tensor', fileBytes(`{"a":${f32(0, 4)}}`, 5), 'the tensors end at byte'],
    ['data without tensors', fileBytes('{}', 4), 'the tensors end at byte'],
  ];
  test.each(cases)('%s', async (_what, bytes, message) => {
    const file = write(bytes);
    const error = await readSafetensorsHeader(file).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toContain(message);
    expect((error as UserError).message.startsWith(`${file}: `)).toBe(true);
    expect((error as UserError).message).not.toContain('\n');
  });

  test('a missing file and a folder', async () => {
    await expect(readSafetensorsHeader(join(folder, 'none'))).rejects.toThrow(/none: there is no such file/);
    await expect(readSafetensorsHeader(folder)).rejects.toThrow(/not a regular file/);
    await expect(readSafetensorsHeader('a\0b')).rejects.toThrow(UserError);
  });

  test('ten million bytes of hostile header quickly', async () => {
    const hostile = ['[', '{"a":', '"', ' ', '9', '{"a":[', '\\'].map(text =>
      `{"a":${text.repeat(10_000_000 / text.length)}`.slice(0, 10_000_000),
    );
    for (const header of hostile) {
      const file = write(fileBytes(header, 0));
      const start = performance.now();
      await expect(readSafetensorsHeader(file)).rejects.toThrow(UserError);
      expect(performance.now() - start).toBeLessThan(1000);
    }
  });
});

test('a file changed at random is read or refused, never anything else', async () => {
  const valid = fileBytes(
    `{"__metadata__":{"format":"pt"},"a":${f32(0, 16, '[2,2]')},"b":{"dtype":"BF16","shape":[3],"data_offsets":[16,22]}}`,
    22,
  );
  const change = fc.oneof(
    fc.record({ at: fc.nat(valid.length - 1), byte: fc.nat(255) }),
    fc.record({
      at: fc.nat(valid.length - 1),
      byte: fc.constantFrom(...new TextEncoder().encode('{}[],:"0123456789-.eE\\')),
    }),
  );
  const mutation = fc.record({
    changes: fc.array(change, { maxLength: 4 }),
    keep: fc.oneof({ weight: 4, arbitrary: fc.constant(valid.length) }, fc.nat(valid.length)),
    extra: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(9)),
  });
  await fc.assert(
    fc.asyncProperty(mutation, async ({ changes, keep, extra }) => {
      const bytes = new Uint8Array(keep + extra);
      bytes.set(valid.subarray(0, keep));
      for (const { at, byte } of changes) if (at < bytes.length) bytes[at] = byte;
      const file = write(bytes, 'mutated.safetensors');
      const start = performance.now();
      try {
        for (const { offset, length } of (await readSafetensorsHeader(file)).tensors.values()) {
          expect(offset >= 8 && length >= 0 && offset + length <= bytes.length).toBe(true);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
      expect(performance.now() - start).toBeLessThan(500);
    }),
    { numRuns: 600 },
  );
});
