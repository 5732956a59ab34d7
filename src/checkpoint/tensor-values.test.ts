import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TensorLocation } from './checkpoint.ts';
import { withFileSource } from './sources/file-source.ts';
import { areEqual } from './tensor-values.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dualform-equal-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function stored(name: string, dtype: TensorLocation['dtype'], data: Float32Array | Uint16Array, shape = [data.length]) {
  const file = join(folder, name);
  writeFileSync(file, new Uint8Array(data.buffer));
  return { name, dtype, shape, file, offset: 0, length: data.byteLength };
}

test('the same numbers however they are stored, in other files and longer than one piece', async () => {
  const long = new Float32Array((1 << 20) + 3).fill(1);
  const a = stored('a', 'F32', long);
  const half = stored('half', 'F16', new Uint16Array(long.length).fill(0x3c00));
  expect(await areEqual(a, half, withFileSource)).toBe(true);
  long[long.length - 1] = 2;
  expect(await areEqual(a, stored('b', 'F32', long), withFileSource)).toBe(false);
  expect(await areEqual(a, { ...a, shape: [1, long.length] }, withFileSource)).toBe(false);
});

test('not of NaN, but two names of one place are the same without reading', async () => {
  const nan = Float32Array.of(Number.NaN);
  const [a, b] = [stored('nan', 'F32', nan), stored('nan-too', 'F32', nan)];
  expect(await areEqual(a, b, withFileSource)).toBe(false);
  expect(await areEqual({ ...a, file: 'missing' }, { ...a, file: 'missing' }, withFileSource)).toBe(true);
});
