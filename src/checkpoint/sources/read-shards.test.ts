import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../../error.ts';
import { readSafetensorsIndex } from './read-shards.ts';
import { writeSafetensors } from './write-safetensors.ts';

let root: string;
let folder: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dualform-index-'));
});
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(async () => {
  folder = mkdtempSync(join(root, 'model-'));
  await writeSafetensors(join(folder, 'one.safetensors'), [{ name: 'a', shape: [1], data: Float32Array.of(1) }]);
  await writeSafetensors(join(folder, 'two.safetensors'), [
    { name: 'b', shape: [1], data: Float32Array.of(2) },
    { name: 'c', shape: [1], data: Float32Array.of(3) },
  ]);
});

function index(text: string | Record<string, unknown>): string {
  const file = join(folder, 'model.safetensors.index.json');
  writeFileSync(file, typeof text === 'string' ? text : JSON.stringify({ metadata: {}, weight_map: text }));
  return file;
}

const WHOLE = { a: 'one.safetensors', b: 'two.safetensors', c: 'two.safetensors' };

test('joins the shards', async () => {
  const { tensors, files } = await readSafetensorsIndex(index(WHOLE));
  expect([...tensors.keys()].sort()).toEqual(['a', 'b', 'c']);
  expect(tensors.get('c')!.file).toMatch(/two\.safetensors$/);
  expect(files).toEqual([join(folder, 'one.safetensors'), join(folder, 'two.safetensors')]);
});

// As torch does, which asks the index for files only: a tied head is left out by some programs and
// listed by others.
test.each([
  ['lists less', { a: 'one.safetensors', b: 'two.safetensors' }],
  ['lists more', { ...WHOLE, d: 'one.safetensors' }],
  ['lists a tensor for another shard', { ...WHOLE, b: 'one.safetensors' }],
])('takes what the shards hold where the index %s', async (_, listed) => {
  const { tensors } = await readSafetensorsIndex(index(listed));
  expect([...tensors.keys()].sort()).toEqual(['a', 'b', 'c']);
});

describe('refuses', () => {
  const cases: readonly [string, string | Record<string, unknown>, RegExp][] = [
    ['a shard above the folder', { ...WHOLE, a: '../one.safetensors' }, /"a" is not a plain file name/],
    ['a shard below another folder', { ...WHOLE, a: 'x/../../one.safetensors' }, /not a plain file name/],
    ['an absolute shard', { ...WHOLE, a: '/etc/one.safetensors' }, /not a plain file name/],
    ['a drive', { ...WHOLE, a: 'C:one.safetensors' }, /not a plain file name/],
    ['backslashes', { ...WHOLE, a: '..\\one.safetensors' }, /not a plain file name/],
    ['a NUL', { ...WHOLE, a: 'one\0.safetensors' }, /not a plain file name/],
    ['an empty name', { ...WHOLE, a: '' }, /not a plain file name/],
    ['a number for a name', { ...WHOLE, a: 1 }, /not a plain file name/],
    ['the index itself as a shard', { ...WHOLE, a: 'model.safetensors.index.json' }, /is not a \.safetensors file/],
    ['a missing shard', { ...WHOLE, d: 'three.safetensors' }, /three\.safetensors: this shard is missing/],
    [
      'a tensor listed twice',
      '{"weight_map":{"a":"one.safetensors","a":"two.safetensors"}}',
      /the key "a" appears twice/,
    ],
    ['no weight_map', '{}', /weight_map is missing/],
    ['an empty weight_map', '{"weight_map":{}}', /weight_map is empty/],
    ['broken JSON', '{"weight_map":{', /is expected/],
  ];
  test.each(cases)('%s', async (_what, text, message) => {
    const error = await readSafetensorsIndex(index(text)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(message);
  });

  test('one tensor in two shards', async () => {
    await writeSafetensors(join(folder, 'two.safetensors'), [
      { name: 'a', shape: [1], data: Float32Array.of(2) },
      { name: 'b', shape: [1], data: Float32Array.of(3) },
    ]);
    const file = index({ a: 'one.safetensors', b: 'two.safetensors' });
    await expect(readSafetensorsIndex(file)).rejects.toThrow(/"a" is in both one\.safetensors and two/);
  });
});
