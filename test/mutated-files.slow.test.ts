import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { readGguf } from '../src/checkpoint/gguf.ts';
import { readSafetensorsHeader } from '../src/checkpoint/safetensors.ts';
import { readTorchFile, stateTensors } from '../src/checkpoint/torch-file.ts';
import { UserError } from '../src/error.ts';
import { randomStream } from '../src/statistics/random.ts';
import { openParquetReader } from '../src/task/rows/parquet.ts';
import { readRows } from '../src/task/rows/read-rows.ts';
import { f32Entry, ggufFile, textEntry, textsEntry, u32Entry } from './gguf-file.ts';
import {
  dictionary,
  floats,
  integer,
  list,
  namespace,
  none,
  pickle,
  storage,
  tensor,
  text,
  truth,
  zip,
} from './torch-archive.ts';

interface Place {
  readonly offset: number;
  readonly length: number;
}

interface Format {
  readonly name: string;
  readonly whole: Buffer;
  /** The part that says what is where; the rest is numbers. */
  readonly header: readonly [from: number, to: number];
  readonly places: (file: string) => Promise<Iterable<Place>>;
}

// Over all formats.
const MUTATIONS = 100_000;
// The promise is 100 ms; a busy machine may stop this process for longer, but no file may take that long again.
const LONGEST_MS = 100;

const numbers = floats(Array.from({ length: 64 }, (_, i) => i));
const pickled = pickle(
  dictionary({
    args: namespace({ decoder_attention_heads: integer(4), share: truth(true), data: none }),
    model: dictionary({
      whole: tensor(storage('0', 'FloatStorage', 64), [8, 8]),
      part: tensor(storage('0', 'FloatStorage', 64), [8], [1], 56),
    }),
    history: list(text('x'), integer(-1)),
  }),
);
const torchParts = (data: Uint8Array) => [
  { name: 'x/data.pkl', data },
  { name: 'x/byteorder', data: Buffer.from('little') },
  { name: 'x/data/0', data: numbers },
];

async function torchPlaces(file: string): Promise<Iterable<Place>> {
  const read = await readTorchFile(file);
  const state = read.value instanceof Map ? read.value.get('model') : undefined;
  return state instanceof Map ? stateTensors(read.file, state).weights.values() : [];
}

const torch = zip(torchParts(pickled));
const torch64 = zip(torchParts(pickled), { zip64: true });
const safetensors = readFileSync(fileURLToPath(new URL('golden/llama/model.safetensors', import.meta.url)));
const gguf = Buffer.from(
  ggufFile({
    entries: [
      textEntry('general.architecture', 'llama'),
      u32Entry('llama.block_count', 2),
      f32Entry('llama.rope.freq_base', 10_000),
      textsEntry('tokenizer.ggml.tokens', ['a', 'b', 'ab']),
    ],
    tensors: [
      { name: 'token_embd.weight', type: 0, sizes: [8, 4], data: numbers.subarray(0, 128) },
      { name: 'blk.0.attn_q.weight', type: 2, sizes: [32, 2], data: new Uint8Array(36) },
    ],
  }),
);

const formats: readonly Format[] = [
  {
    name: 'safetensors',
    whole: safetensors,
    header: [0, 8 + Number(safetensors.readBigUInt64LE(0))],
    places: async file => (await readSafetensorsHeader(file)).tensors.values(),
  },
  { name: 'GGUF', whole: gguf, header: [0, gguf.length - 192], places: async file => readGguf(file).tensors.values() },
  { name: 'torch.save', whole: torch, header: [0, torch.length], places: torchPlaces },
  { name: 'torch.save, zip64', whole: torch64, header: [torch64.length - 500, torch64.length], places: torchPlaces },
];

/** Numbers that lengths, counts and offsets are forged with. */
const FORGED = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  1n << 32n,
  1n << 53n,
  (1n << 63n) - 1n,
  (1n << 64n) - 1n,
];

/** One to four changes: a byte, a number, bytes gone, bytes twice, bytes from elsewhere, the end cut off. */
function mutate(whole: Buffer, [from, to]: readonly [number, number], random: RandomGenerator): Buffer {
  const below = (n: number) => (random.next() >>> 0) % n;
  let bytes: Buffer = Buffer.from(whole);
  for (let changes = 1 + below(4); changes > 0 && bytes.length > 0; changes--) {
    const at = Math.min(from + below(to - from), bytes.length - 1);
    const end = Math.min(at + 1 + below(40), bytes.length);
    switch (below(8)) {
      case 0:
      case 1:
        bytes[at] = below(256);
        break;
      case 2:
        bytes[at]! ^= 1 << below(8);
        break;
      case 3: {
        const number = Buffer.alloc(8);
        number.writeBigUInt64LE(FORGED[below(FORGED.length)]!);
        number.copy(bytes, at, 0, [1, 2, 4, 8][below(4)]!);
        break;
      }
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
        break;
      case 6:
        bytes.copyWithin(at, below(bytes.length), Math.min(bytes.length, below(bytes.length) + 16));
        break;
      default:
        if (below(4) === 0) bytes = bytes.subarray(0, below(bytes.length));
    }
  }
  return bytes;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dualform-mutated-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Reads a file: true when it was taken, false when it was refused as it should. */
async function survives(format: Format, bytes: Buffer, seed: readonly number[]): Promise<boolean> {
  const file = join(folder, 'x');
  writeFileSync(file, bytes);
  const hint = `${format.name}, mutation ${seed.join(', ')}`;
  try {
    for (const { offset, length } of await format.places(file)) {
      if (!(offset >= 0 && length >= 0 && offset + length <= bytes.length)) throw new Error('a tensor leaves the file');
    }
    return true;
  } catch (error) {
    if (error instanceof UserError && !error.message.includes('\n')) return false;
    throw new Error(hint, { cause: error });
  }
}

describe.each(formats)('$name, changed at random', format => {
  const index = formats.indexOf(format);

  test('is read or refused with one line, at once', async () => {
    expect(await survives(format, format.whole, [])).toBe(true);
    let refused = 0;
    const slow: number[] = [];
    for (let i = 0; i < MUTATIONS / formats.length; i++) {
      const bytes = mutate(format.whole, format.header, randomStream(41, index, i));
      const start = performance.now();
      if (!(await survives(format, bytes, [41, index, i]))) refused++;
      if (performance.now() - start > LONGEST_MS) slow.push(i);
    }
    for (const i of slow) {
      const bytes = mutate(format.whole, format.header, randomStream(41, index, i));
      const start = performance.now();
      await survives(format, bytes, [41, index, i]);
      expect(performance.now() - start).toBeLessThan(LONGEST_MS);
    }
    expect(refused).toBeGreaterThan(MUTATIONS / formats.length / 4);
  });
});

test('pickles changed at random inside a sound archive are read or refused with one line', async () => {
  const format: Format = { name: 'pickle', whole: pickled, header: [0, pickled.length], places: torchPlaces };
  let refused = 0;
  for (let i = 0; i < MUTATIONS / formats.length; i++) {
    const bytes = mutate(pickled, format.header, randomStream(42, i));
    if (!(await survives(format, zip(torchParts(bytes)), [42, i]))) refused++;
  }
  expect(refused).toBeGreaterThan(MUTATIONS / formats.length / 4);
});

test('Parquet files changed at random are read or refused with one line, in a process of their own', async () => {
  const wholes = ['snappy', 'delta', 'groups', 'small-pages'].map(name =>
    readFileSync(fileURLToPath(new URL(`golden/rows/${name}.parquet`, import.meta.url))),
  );
  const file = join(folder, 'x.parquet');
  const parquet = openParquetReader();
  onTestFinished(parquet.close);
  let refused = 0;
  for (let i = 0; i < 400; i++) {
    const whole = wholes[i % wholes.length]!;
    // The footer says what is where; it is half of these files.
    writeFileSync(file, mutate(whole, [whole.length >> 1, whole.length], randomStream(43, i)));
    const error = await readRows(file, { wanted: ['text', 'label'], delimited: {}, parquet }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error === undefined) continue;
    refused++;
    if (!(error instanceof UserError) || error.message.includes('\n'))
      throw new Error(`mutation ${i}`, { cause: error });
  }
  expect(refused).toBeGreaterThan(100);
});
