import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { UserError } from '../../error.ts';
import { readFileTensor } from './read-file.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'dualform-read-'));
const file = path.join(folder, 'tensors.bin');
afterAll(() => rmSync(folder, { recursive: true }));

function read(dtype: string, bytes: ArrayBufferView, shape: readonly number[], odd = 3) {
  const { buffer, byteOffset, byteLength } = bytes;
  writeFileSync(file, Buffer.concat([Buffer.alloc(odd), Buffer.from(buffer, byteOffset, byteLength), Buffer.alloc(9)]));
  return readFileTensor({ name: 'w', dtype, shape, file, offset: odd, length: byteLength });
}

test('float32 at an odd offset', () => {
  const values = Float32Array.of(1.5, -0, 3e38, 1e-45);
  expect(read('F32', values, [2, 2])).toEqual({ type: 'float32', dims: [2, 2], data: values });
});

test('every half-precision number is widened exactly', () => {
  const halves = Uint16Array.from({ length: 1 << 16 }, (_, i) => i);
  const { data } = read('F16', halves, [1 << 16]);
  const expected = Array.from(halves, half => {
    const sign = half >> 15 ? -1 : 1;
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 31) return fraction === 0 ? sign / 0 : Number.NaN;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  expect([...data]).toEqual(expected);
});

test('bfloat16 is the upper half of float32', () => {
  const { data } = read('BF16', Uint16Array.of(0x3f80, 0xc020, 0x0001, 0x7f80, 0x8000), [5]);
  expect([...data]).toEqual([1, -2.5, 2 ** -133, Number.POSITIVE_INFINITY, -0]);
});

test('more than one chunk', () => {
  const brains = Uint16Array.from({ length: 2_500_000 }, (_, i) => 0x3f80 + (i % 100));
  const { data } = read('BF16', brains, [brains.length]);
  expect(data.every((x, i) => x === 1 + (i % 100) / 128)).toBe(true);
  const floats = Float32Array.from({ length: 2_500_000 }, (_, i) => i);
  expect(read('F32', floats, [floats.length]).data.every((x, i) => x === i)).toBe(true);
});

test('an empty tensor and a scalar', () => {
  expect(read('F32', new Float32Array(0), [0, 4]).data).toHaveLength(0);
  expect(read('F32', Float32Array.of(7), []).data).toEqual(Float32Array.of(7));
});

test('an error of reading names file and tensor', () => {
  const location = { name: 'w', dtype: 'F32', shape: [2], file, offset: 0, length: 8 };
  writeFileSync(file, Buffer.alloc(8));
  expect(() => readFileTensor({ ...location, dtype: 'Q4_1' })).toThrow(`${file}: tensor w is stored as Q4_1`);
  expect(() => readFileTensor({ ...location, dtype: 'constructor' })).toThrow(
    new UserError(`${file}: tensor w is stored as constructor; only F32, F16, BF16 load`),
  );
  expect(() => readFileTensor({ ...location, length: 12 })).toThrow('tensor w has 12 bytes, its shape [2] needs 8');
  expect(() => readFileTensor({ ...location, offset: 1 })).toThrow('ends before the last byte of tensor w');
  expect(() => readFileTensor({ ...location, file: `${file}.none` })).toThrow('cannot be opened (ENOENT)');
});
