import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserError } from '../../error.ts';
import { writeAtomically } from '../../files/atomic-file.ts';
import { layOutSafetensors } from '../formats/safetensors/layout.ts';
import { readSafetensors, readSafetensorsHeader } from './read-safetensors.ts';
import { type TensorToWrite, writeSafetensors } from './write-safetensors.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dualform-write-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('what is written is read back, whatever the names, shapes and values', async () => {
  const data = fc.oneof(
    fc.array(fc.float()).map(values => Float32Array.from(values)),
    fc.array(fc.integer()).map(values => Int32Array.from(values)),
    fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })).map(values => BigInt64Array.from(values)),
  );
  const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', '0', '"\\'));
  const tensors = fc.uniqueArray(fc.record({ name, data }), { selector: tensor => tensor.name, maxLength: 6 });
  const metadata = fc.dictionary(fc.string(), fc.string());
  const file = join(folder, 'round-trip.safetensors');
  await fc.assert(
    fc.asyncProperty(tensors, metadata, async (list, meta) => {
      const outlined = list.map(tensor => ({ ...tensor, shape: [1, tensor.data.length] }));
      await writeSafetensors(file, outlined, meta);
      const read = await readSafetensors(file);
      expect(read.size).toBe(list.length);
      for (const tensor of outlined) {
        const { shape, data: values } = read.get(tensor.name)!;
        expect(shape).toEqual(tensor.shape);
        expect(values).toEqual(tensor.data);
      }
      expect(Object.fromEntries((await readSafetensorsHeader(file)).metadata)).toEqual({ ...meta });
    }),
    { numRuns: 60 },
  );
});

test('a file written by the reference implementation is read, integers and all', async () => {
  const file = fileURLToPath(new URL('../../../test/golden/llama/expected.safetensors', import.meta.url));
  const read = await readSafetensors(file);
  expect(read.get('tokens')).toMatchObject({ shape: [11], dtype: 'I64' });
  expect(read.get('tokens')!.data).toBeInstanceOf(BigInt64Array);
  expect([...(read.get('tokens')!.data as BigInt64Array)].every(id => id >= 0n && id < 257n)).toBe(true);
  expect(read.get('after.logits')).toMatchObject({ shape: [11, 257], dtype: 'F32' });
  expect(read.get('after.logits')!.data.length).toBe(11 * 257);
});

test('the bytes do not depend on the order of the tensors, and offsets are aligned', async () => {
  const tensors: TensorToWrite[] = [
    { name: 'odd', shape: [3], data: Float32Array.of(1, 2, 3) },
    { name: 'z', shape: [2], data: Float32Array.of(4, 5) },
    { name: 'a', shape: [2, 2], data: Float32Array.of(6, 7, 8, 9) },
    { name: 'ids', shape: [1], data: BigInt64Array.of(10n) },
  ];
  const one = join(folder, 'one.safetensors');
  const other = join(folder, 'other.safetensors');
  await writeSafetensors(one, tensors);
  await writeSafetensors(other, [...tensors].reverse());
  expect(readFileSync(one).equals(readFileSync(other))).toBe(true);
  const { tensors: read } = await readSafetensorsHeader(one);
  expect([...read.keys()]).toEqual(['a', 'ids', 'z', 'odd']);
  for (const { offset } of read.values()) expect(offset % 8).toBe(0);
});

test('tensors of cached weights start at multiples of 64', () => {
  const lengths = [4, 2304, 64, 12, 128];
  const outlines = lengths.map((length, i) => ({ name: `${i}`, dtype: 'F32', shape: [length / 4], length }));
  const { placed, totalBytes } = layOutSafetensors(outlines, { alignment: 64 });
  expect(placed.filter(({ tensor }) => tensor.length % 64 === 0).every(({ offset }) => offset % 64 === 0)).toBe(true);
  expect(placed.map(({ tensor }) => tensor.length)).toEqual([2304, 64, 128, 4, 12]);
  expect(totalBytes).toBe(placed[0]!.offset + 2304 + 64 + 128 + 4 + 12);
});

test('two tensors of one name or a wrong shape are mistakes of the caller', async () => {
  const tensor = { name: 'a', shape: [1], data: Float32Array.of(1) };
  const file = join(folder, 'none.safetensors');
  await expect(writeSafetensors(file, [tensor, tensor])).rejects.toThrow(/two tensors named a/);
  await expect(writeSafetensors(file, [{ ...tensor, shape: [2] }])).rejects.toThrow(/cannot hold 1 values/);
});

test('a disk that refuses becomes one line, and nothing stays behind', async () => {
  const place = join(folder, 'refused');
  const file = join(place, 'model.safetensors');
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 });
  const attempt = writeAtomically(file, 12345, async handle => {
    await handle.write('half');
    throw full;
  });
  await expect(attempt).rejects.toThrow(
    new UserError(`${file}: the disk is full; free some space (12345 bytes are needed)`),
  );
  expect(readdirSync(place)).toEqual([]);

  writeFileSync(join(folder, 'plain'), '');
  const below = join(folder, 'plain', 'model.safetensors');
  const error = await writeSafetensors(below, []).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toContain(below);
});

test('a failed write leaves the old file as it was', async () => {
  const file = join(folder, 'kept');
  writeFileSync(file, 'old');
  const attempt = writeAtomically(file, 0, () => Promise.reject(new Error('a bug')));
  await expect(attempt).rejects.toThrow('a bug');
  expect(readFileSync(file, 'utf8')).toBe('old');
});

test('temporary files of killed processes are removed, those of living ones are not', async () => {
  const place = mkdtempSync(join(folder, 'parts-'));
  const file = join(place, 'data');
  writeFileSync(join(place, '.data.1.aa.part'), '');
  utimesSync(join(place, '.data.1.aa.part'), 0, 0);
  writeFileSync(join(place, '.data.2.bb.part'), '');
  await writeAtomically(file, 0, async () => undefined);
  expect(readdirSync(place).sort()).toEqual(['.data.2.bb.part', 'data']);
});
