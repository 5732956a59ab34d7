import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ZipPart, zip } from '../../../../test/torch-archive.ts';
import { UserError } from '../../../error.ts';
import { withFileSource } from '../../sources/file-source.ts';
import { readZipEntries } from './zip.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dualform-zip-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function readEntries(file: string) {
  return withFileSource(file, source =>
    readZipEntries(source, what => {
      throw new UserError(`${file}: ${what}`);
    }),
  );
}

async function read(bytes: Uint8Array) {
  const file = join(folder, 'x.zip');
  writeFileSync(file, bytes);
  return readEntries(file);
}

async function refusal(bytes: Uint8Array): Promise<string> {
  const error = await read(bytes).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  const { message } = error as UserError;
  expect(message).not.toContain('\n');
  return message;
}

const a: ZipPart = { name: 'x/a', data: Buffer.from('hello') };
const b: ZipPart = { name: 'x/b', data: Buffer.from('') };
const c: ZipPart = { name: 'x/c', data: Buffer.alloc(1000, 7) };

describe('an archive of stored entries', () => {
  test.each([
    ['plain', {}],
    ['zip64', { zip64: true }],
    ['with a comment', { comment: 'any text' }],
  ])('%s: says where the bytes lie', async (_, options) => {
    const bytes = zip([a, b, c], options);
    const entries = await read(bytes);
    expect([...entries.keys()]).toEqual(['x/a', 'x/b', 'x/c']);
    for (const { name, data } of [a, b, c]) {
      const { offset, length } = entries.get(name)!;
      expect(bytes.subarray(offset, offset + length)).toEqual(Buffer.from(data));
      expect(offset % 64).toBe(0);
    }
  });

  test('sizes that follow the data, as torch writes them', async () => {
    const entries = await read(zip([{ ...a, flags: 8, localSizes: [0, 0] }, c]));
    expect(entries.get('x/a')!.length).toBe(5);
  });

  test('sizes in a zip64 field', async () => {
    const extra = Buffer.alloc(4 + 16);
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(16, 2);
    extra.writeBigUInt64LE(5n, 4);
    extra.writeBigUInt64LE(5n, 12);
    const entries = await read(zip([{ ...a, sizes: [0xffffffff, 0xffffffff], localSizes: [5, 5], extra }, c]));
    expect(entries.get('x/a')!.length).toBe(5);
  });

  test('no entries', async () => {
    expect(await read(zip([]))).toEqual(new Map());
  });
});

describe('refuses', () => {
  const bomb = deflateRawSync(Buffer.alloc(1 << 20));
  test.each<[string, Uint8Array, string]>([
    ['a zip bomb', zip([{ ...a, data: bomb, method: 8, sizes: [bomb.length, 1 << 20] }]), '"x/a" is compressed'],
    ['encryption', zip([{ ...a, flags: 1 }]), '"x/a" is encrypted'],
    ['a name twice', zip([a, c, a]), '"x/a" appears twice'],
    ['overlapping entries', zip([c, { ...a, header: 64 }]), '"x/a" overlaps another'],
    ['the same bytes under two names', zip([a, { ...c, header: 0 }]), '"x/c" overlaps another'],
    ['a larger size', zip([{ ...a, sizes: [400, 400], localSizes: [400, 400] }]), '"x/a" of 400 bytes'],
    ['a size that reaches into the next entry', zip([{ ...a, sizes: [70, 70] }, c]), '"x/c" overlaps another'],
    ['two sizes', zip([{ ...a, sizes: [5, 9] }]), 'is stored, but 5 bytes are to hold 9'],
    ['another size before the data', zip([{ ...a, localSizes: [4, 4] }]), 'has another size before its data'],
    ['another name before the data', zip([{ ...a, localName: 'x/z' }]), 'has another name before its data'],
    ['4 GB without a zip64 field', zip([{ ...a, sizes: [0xffffffff, 0xffffffff] }]), 'but has no zip64 field'],
    [
      'a zip64 field that is too short',
      zip([{ ...a, sizes: [-1 >>> 0, -1 >>> 0], extra: Buffer.from([1, 0, 0, 0]) }]),
      'too short',
    ],
    ['../../../', zip([{ ...a, name: 'x/../../a' }]), 'leads out of the archive'],
    ['an absolute name', zip([{ ...a, name: '/etc/passwd' }]), 'leads out of the archive'],
    ['a drive', zip([{ ...a, name: 'C:\\a' }]), 'leads out of the archive'],
    ['no name', zip([{ ...a, name: '' }]), 'has 0 bytes'],
    ['a header past the end', zip([{ ...a, header: 1 << 30 }]), 'extends past the end of the file'],
    ['an empty file', new Uint8Array(), 'the directory at its end is missing'],
    ['no archive', Buffer.from('not an archive, just some words'), 'the directory at its end is missing'],
  ])('%s', async (_, bytes, message) => {
    expect(await refusal(bytes)).toContain(message);
  });

  const patched = (bytes: Buffer, change: (bytes: Buffer) => void): Buffer => {
    change(bytes);
    return bytes;
  };
  test.each<[string, Buffer, string]>([
    [
      'more entries than there are',
      patched(zip([a]), z => z.fill(9, z.length - 14, z.length - 10)),
      'its directory ends early',
    ],
    [
      'numbers of entries that differ',
      patched(zip([a]), z => z.writeUInt16LE(2, z.length - 12)),
      'contradict each other',
    ],
    ['a part of several', patched(zip([a]), z => z.writeUInt16LE(1, z.length - 18)), 'a part of several'],
    ['a comment that is longer', patched(zip([a]), z => z.writeUInt16LE(1, z.length - 2)), 'its comment does not end'],
    [
      'a comment with a second record',
      zip([a], { comment: 'PK\x05\x06 is how a record starts, and this is one' }),
      'its comment does not end',
    ],
    [
      'a zip64 record of a part of several',
      patched(zip([a], { zip64: true }), z => z.writeUInt32LE(1, z.length - 98 + 16)),
      'a part of several',
    ],
    ['an extra field that leaves its entry', zip([{ ...a, extra: Buffer.from([1, 0, 9, 0, 0]) }]), 'an extra field'],
    ['a directory elsewhere', patched(zip([a]), z => z.writeUInt32LE(7, z.length - 6)), 'does not end at byte'],
    ['a directory of 4 GB', patched(zip([a]), z => z.writeUInt32LE(0xfffffff0, z.length - 10)), 'are allowed'],
    ['zip64 lies', patched(zip([a], { zip64: true }), z => z.writeUInt32LE(1, z.length - 10)), 'contradict each other'],
    [
      'a zip64 record elsewhere',
      patched(zip([a], { zip64: true }), z => z.writeBigUInt64LE(1n << 60n, z.length - 34)),
      'too large',
    ],
    [
      'a zip64 record past the end',
      patched(zip([a], { zip64: true }), z => z.writeUInt32LE(1 << 30, z.length - 34)),
      'extends past the end of the file',
    ],
    [
      'a zip64 record without signature',
      patched(zip([a], { zip64: true }), z => z.writeUInt32LE(0, z.length - 34)),
      'no zip64 record',
    ],
    [
      '10^12 entries',
      patched(zip([a], { zip64: true }), z => {
        z.writeBigUInt64LE(10n ** 12n, z.length - 98 + 24);
        z.writeBigUInt64LE(10n ** 12n, z.length - 98 + 32);
      }),
      '1000000000000 entries, 20000 are allowed',
    ],
  ])('%s', async (_, bytes, message) => {
    expect(await refusal(bytes)).toContain(message);
  });

  test('a file that ends anywhere', async () => {
    for (const options of [{}, { zip64: true }]) {
      const bytes = zip([a, b, c], options);
      for (let end = 0; end < bytes.length; end++) await refusal(bytes.subarray(0, end));
    }
  });

  test('a file that is not there', async () => {
    await expect(readEntries(join(folder, 'none.zip'))).rejects.toThrow(UserError);
  });
});

test('a golden archive of torch', async () => {
  const file = new URL('../../../../test/golden/fairseq/model.pt', import.meta.url).pathname;
  const entries = await readEntries(file);
  expect(entries.size).toBe(44);
  const { offset, length } = entries.get('model/byteorder')!;
  expect(readFileSync(file).toString('latin1', offset, offset + length)).toBe('little');
});
