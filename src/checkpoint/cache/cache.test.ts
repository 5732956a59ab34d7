import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { UserError } from '../../error.ts';
import { fileDigest, rememberedDigest } from '../../files/digest.ts';
import { readTensor } from '../sources/read-tensor.ts';
import { cacheWeights, openCachedWeights } from './cache.ts';
import { verifyCache, weightsDirectory } from './integrity.ts';

const DIGEST = 'ab'.repeat(32);
const CONFIG = { model_type: 'llama', hidden_size: 3 };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dualform-cache-'));
  vi.stubEnv('DUALFORM_CACHE', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const WEIGHTS = [
  {
    name: 'w',
    shape: [4, 16],
    pieces: async function* () {
      for (let i = 0; i < 64; i += 32) yield Float32Array.from({ length: 32 }, (_, j) => i + j);
    },
  },
  {
    name: 'b',
    shape: [3],
    pieces: async function* () {
      yield Float32Array.of(-1, -2, -3);
    },
  },
];
const fill = (onProgress?: (done: number, total: number) => void) =>
  cacheWeights(DIGEST, { config: CONFIG, weights: WEIGHTS }, onProgress);

describe('cached weights', () => {
  test('come back as they went in, aligned to 64 bytes, with the configuration', async () => {
    expect(await openCachedWeights(DIGEST)).toBeUndefined();
    const progress: [number, number][] = [];
    const written = await fill((done, total) => progress.push([done, total]));
    const read = await openCachedWeights(DIGEST);
    expect(read).toEqual(written);
    expect(read!.config).toEqual(CONFIG);
    const w = read!.tensors.get('w')!;
    expect(w).toMatchObject({ dtype: 'F32', shape: [4, 16], length: 256 });
    expect(w.offset % 64).toBe(0);
    expect([...(await readTensor(w))]).toEqual(Array.from({ length: 64 }, (_, i) => i));
    expect([...(await readTensor(read!.tensors.get('b')!))]).toEqual([-1, -2, -3]);
    const total = (await stat(read!.file)).size;
    expect(progress.at(-1)).toEqual([total, total]);
    expect(progress.every(([done], i) => i === 0 || done > progress[i - 1]![0])).toBe(true);
  });

  test('of another source are not taken', async () => {
    await fill();
    expect(await openCachedWeights('cd'.repeat(32))).toBeUndefined();
  });

  test('may be written twice at once', async () => {
    const [one, other] = await Promise.all([fill(), fill()]);
    expect(one).toEqual(other);
    expect(await openCachedWeights(DIGEST)).toEqual(one);
    expect(readdirSync(weightsDirectory()).length).toBe(2);
  });

  test.each([0, 3, 8, 40, 130, 200, 330, -1])('changed at byte %i are set aside and made again', async at => {
    const { file } = await fill();
    const good = readFileSync(file);
    const bad = Buffer.from(good);
    bad[at < 0 ? bad.length + at : at]! ^= 1;
    writeFileSync(file, bad);
    expect(await openCachedWeights(DIGEST)).toBeUndefined();
    expect(readdirSync(weightsDirectory())).toEqual([`${DIGEST}.f32.v1.safetensors.damaged`]);
    await fill();
    expect(readFileSync(file).equals(good)).toBe(true);
  });

  test.each([0, 7, 100, 400])('cut to %i bytes are set aside', async length => {
    const { file } = await fill();
    truncateSync(file, length);
    expect(await openCachedWeights(DIGEST)).toBeUndefined();
    expect(readdirSync(weightsDirectory())).toEqual([`${DIGEST}.f32.v1.safetensors.damaged`]);
  });

  test.each(['', '{', 'null', '[]', '{"format":1}'])('with the record %j are made again', async record => {
    const { file } = await fill();
    writeFileSync(`${file}.json`, record);
    expect(await openCachedWeights(DIGEST)).toBeUndefined();
    await fill();
    expect(await openCachedWeights(DIGEST)).toBeDefined();
  });

  test('that were only touched are read whole once and stay', async () => {
    const { file } = await fill();
    utimesSync(file, 1000, 1000);
    expect(await openCachedWeights(DIGEST)).toBeDefined();
    expect(JSON.parse(readFileSync(`${file}.json`, 'utf8')).mtimeNs).toBe('1000000000000');
  });

  test('that lie there without a record, as after a crash, are written again', async () => {
    const { file } = await fill();
    rmSync(`${file}.json`);
    expect(await openCachedWeights(DIGEST)).toBeUndefined();
    await fill();
    expect(await openCachedWeights(DIGEST)).toBeDefined();
  });

  test('whose unpacking fails leave nothing behind', async () => {
    const broken = {
      ...WEIGHTS[0]!,
      pieces: async function* () {
        yield new Float32Array(32);
        throw new UserError('model.gguf: ends before byte 7');
      },
    };
    const attempt = cacheWeights(DIGEST, { config: CONFIG, weights: [broken] });
    await expect(attempt).rejects.toThrow('model.gguf: ends before byte 7');
    expect(readdirSync(weightsDirectory())).toEqual([]);
  });

  test('too large for the disk are refused with path and bytes, and nothing stays behind', async () => {
    const huge = { ...WEIGHTS[0]!, shape: [2 ** 40, 64] };
    const error = await cacheWeights(DIGEST, { config: CONFIG, weights: [huge] }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(
      /: 28147497671\d+ bytes are needed for the unpacked weights, the disk has \d+ free/,
    );
    expect((error as UserError).message).toContain(weightsDirectory());
    expect(readdirSync(weightsDirectory())).toEqual([]);
  });

  test('in a place that is no folder are refused', async () => {
    const plain = join(folder, 'plain');
    writeFileSync(plain, '');
    vi.stubEnv('DUALFORM_CACHE', plain);
    await expect(fill()).rejects.toThrow(UserError);
  });
});

describe('verifyCache', () => {
  test('reads every byte, also where the time stamp was kept', async () => {
    expect(await verifyCache()).toEqual([]);
    const { file } = await fill();
    expect(await verifyCache()).toMatchObject([{ file, damage: undefined }]);
    const { atime, mtime, size } = await stat(file);
    const bytes = readFileSync(file);
    bytes[size - 2]! ^= 0x10;
    writeFileSync(file, bytes);
    utimesSync(file, atime, mtime);
    const record = JSON.parse(readFileSync(`${file}.json`, 'utf8'));
    const { mtimeNs } = await stat(file, { bigint: true });
    writeFileSync(`${file}.json`, JSON.stringify({ ...record, mtimeNs: `${mtimeNs}` }));
    expect(await verifyCache()).toEqual([{ file, bytes: size, damage: 'its SHA-256 differs from the record' }]);
    const part = join(weightsDirectory(), '.x.safetensors.1.aa.part');
    writeFileSync(part, '');
    utimesSync(part, 0, 0);
    await verifyCache({ setAside: true });
    expect(readdirSync(weightsDirectory())).toEqual([`${DIGEST}.f32.v1.safetensors.damaged`]);
    expect(await openCachedWeights(DIGEST)).toBeUndefined();
    expect(await verifyCache()).toEqual([]);
  });
});

describe('fileDigest', () => {
  // SHA-256 of "abc", the first example of FIPS 180.
  const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  const old = (file: string, text: string, time = 1000): void => {
    writeFileSync(file, text);
    utimesSync(file, time, time);
  };

  test('is that of the bytes, and remembered', async () => {
    const file = join(folder, 'abc');
    old(file, 'abc');
    expect(await rememberedDigest(file)).toBeUndefined();
    const progress: [number, number][] = [];
    expect(await fileDigest(file, (done, total) => progress.push([done, total]))).toBe(ABC);
    expect(progress).toEqual([[3, 3]]);
    expect(await rememberedDigest(file)).toBe(ABC);
    await fileDigest(file, () => expect.unreachable());
  });

  test('is measured again when the file changes, even to the same size and time', async () => {
    const file = join(folder, 'abc');
    old(file, 'xyz');
    await fileDigest(file);
    old(file, 'abc');
    expect(await rememberedDigest(file)).toBeUndefined();
    expect(await fileDigest(file)).toBe(ABC);
  });

  test('is not remembered of a file that was written just now', async () => {
    const file = join(folder, 'abc');
    writeFileSync(file, 'abc');
    expect(await fileDigest(file)).toBe(ABC);
    expect(await rememberedDigest(file)).toBeUndefined();
  });

  test.each(['', 'null', '{}', '{"sha256":"zz"}'])('ignores the damaged memory %j', async memory => {
    const file = join(folder, 'abc');
    old(file, 'abc');
    await fileDigest(file);
    const [name] = readdirSync(join(folder, 'digests'));
    writeFileSync(join(folder, 'digests', name!), memory);
    expect(await fileDigest(file)).toBe(ABC);
  });

  test('works without a place to remember', async () => {
    const file = join(folder, 'abc');
    old(file, 'abc');
    vi.stubEnv('DUALFORM_CACHE', file);
    expect(await fileDigest(file)).toBe(ABC);
  });

  test('of a missing file is an error', async () => {
    await expect(fileDigest(join(folder, 'none'))).rejects.toThrow(/none: there is no such file/);
  });
});
