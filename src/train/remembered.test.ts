import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { remembered } from './remembered.ts';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'dualform-cache-'));
  vi.stubEnv('DUALFORM_CACHE', cache);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(cache, { recursive: true, force: true });
  });
});

const bytes = Uint8Array.of(1, 2, 3, 255);

test('makes once for each key', async () => {
  const make = vi.fn(async () => bytes);
  expect(await remembered({ a: 1, b: 2 }, make)).toEqual(bytes);
  expect(await remembered({ b: 2, a: 1 }, make)).toEqual(bytes);
  expect(make).toHaveBeenCalledTimes(1);
  await remembered({ a: 1, b: 3 }, make);
  expect(make).toHaveBeenCalledTimes(2);
});

test.each([0, 10, 35])('makes content again that was cut or changed at byte %i', async at => {
  await remembered('key', async () => bytes);
  const [name] = readdirSync(join(cache, 'corpora'));
  const file = join(cache, 'corpora', name!);
  const kept = readFileSync(file);
  writeFileSync(file, kept.subarray(0, at));
  expect(await remembered('key', async () => bytes)).toEqual(bytes);
  kept[at]! ^= 1;
  writeFileSync(file, kept);
  const make = vi.fn(async () => bytes);
  expect(await remembered('key', make)).toEqual(bytes);
  expect(make).toHaveBeenCalledTimes(1);
});

test('makes content each time where nothing can be stored', async () => {
  vi.stubEnv('DUALFORM_CACHE', join(cache, 'file'));
  writeFileSync(join(cache, 'file'), '');
  expect(await remembered('key', async () => bytes)).toEqual(bytes);
});
