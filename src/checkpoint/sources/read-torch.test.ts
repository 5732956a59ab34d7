import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  call,
  dictionary,
  floats,
  global,
  integer,
  list,
  type Pickled,
  pickle,
  storage,
  tensor,
  text,
  torchFile,
  truth,
  tuple,
  zip,
} from '../../../test/torch-archive.ts';
import { UserError } from '../../error.ts';
import type { PickleValue } from '../formats/torch/pickle-values.ts';
import { stateTensors } from '../formats/torch/state-tensors.ts';
import { readTensor } from './read-tensor.ts';
import { readTorchFile } from './read-torch.ts';

const MAGIC = '80028a0a6cfc9c46f9206aa850192e80024de903';
const golden = fileURLToPath(new URL('../../../test/golden/fairseq/model.pt', import.meta.url));

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'dualform-torch-')));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(bytes: Uint8Array): string {
  const file = join(folder, 'x.pt');
  writeFileSync(file, bytes);
  return file;
}

async function state(entries: Readonly<Record<string, Pickled>>, storages: Readonly<Record<string, Uint8Array>>) {
  const { file, value } = await readTorchFile(write(torchFile(dictionary(entries), storages)));
  return stateTensors(file, value as Map<PickleValue, PickleValue>);
}

async function refusal(bytes: Uint8Array): Promise<string> {
  const file = write(bytes);
  const error = await readTorchFile(file).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  const { message } = error as UserError;
  expect(message).not.toContain('\n');
  return message;
}

const six = floats([1, 2, 3, 4, 5, 6]);
const floatStorage = storage('0', 'FloatStorage', 6);

describe('a state dictionary', () => {
  test('of the golden model lies in the file where torch put it', async () => {
    const { file, value } = await readTorchFile(golden);
    const { weights, others } = stateTensors(file, (value as Map<string, Map<string, PickleValue>>).get('model')!);
    expect(others.size).toBe(0);
    const bias = weights.get('decoder.layers.1.fc1.bias')!;
    expect(bias).toMatchObject({ dtype: 'F16', shape: [64], length: 128, file: realpathSync(golden) });
    expect(bias.offset % 64).toBe(0);
    const norm = await readTensor(weights.get('decoder.layer_norm.weight')!);
    // Made as 1 + 0.2 times standard normal numbers.
    expect(norm.reduce((sum, x) => sum + x, 0) / norm.length).toBeGreaterThan(0.8);
    expect(Math.max(...norm.map(x => Math.abs(x - 1)))).toBeLessThan(1);
  });

  test('views share their storage', async () => {
    const { weights, views, others } = await state(
      {
        whole: tensor(floatStorage, [2, 3]),
        part: tensor(floatStorage, [2], [1], 4),
        row: tensor(floatStorage, [1, 3], [77, 1], 3),
        transposed: tensor(floatStorage, [3, 2], [1, 3]),
        expanded: tensor(floatStorage, [1000, 6], [0, 1]),
        huge: tensor(floatStorage, [1e9, 6], [0, 1]),
        empty: tensor(floatStorage, [0, 5]),
        scalar: tensor(floatStorage, []),
        parameter: call(global('torch._utils', '_rebuild_parameter'), tensor(floatStorage, [6]), truth(true)),
      },
      { 0: six },
    );
    const values = async (name: string) => [...(await readTensor(weights.get(name)!))];
    expect(await values('whole')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await values('part')).toEqual([5, 6]);
    expect(await values('row')).toEqual([4, 5, 6]);
    expect(await values('empty')).toEqual([]);
    expect(await values('scalar')).toEqual([1]);
    expect(await values('parameter')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(weights.get('whole')!.offset).toBe(weights.get('scalar')!.offset);
    expect([...views.keys()]).toEqual(['transposed', 'expanded']);
    expect(views.get('transposed')).toMatchObject({ dtype: 'F32', shape: [3, 2], strides: [1, 3], length: 24 });
    expect([...others]).toEqual([['huge', 'a view with strides [0, 1]']]);
  });

  test('every type of number; what is no weight keeps its name, a single number is left out', async () => {
    const stored = (type: string, count: number) => tensor(storage('0', type, count), [count]);
    const { weights, others } = await state(
      {
        half: stored('HalfStorage', 12),
        brain: stored('BFloat16Storage', 12),
        long: stored('LongStorage', 3),
        byte: stored('ByteStorage', 24),
        quantised: stored('QInt8Storage', 24),
        step: integer(7),
        dtype: global('torch', 'float16'),
        model: call(global('fairseq.tasks', 'Task')),
      },
      { 0: six },
    );
    expect([...weights.values()].map(({ dtype, length }) => [dtype, length])).toEqual([
      ['F16', 24],
      ['BF16', 24],
    ]);
    expect(Object.fromEntries(others)).toEqual({
      long: 'I64',
      byte: 'U8',
      quantised: 'an object of "torch._utils._rebuild_tensor_v2"',
      dtype: 'the name "torch.float16"',
      model: 'an object of "fairseq.tasks.Task"',
    });
  });

  test('a name that is no text is refused', async () => {
    const pickled = Buffer.concat([dictionary({}), integer(1), tensor(floatStorage, [6]), Buffer.from('s')]);
    const { file, value } = await readTorchFile(write(torchFile(pickled, { 0: six })));
    expect(() => stateTensors(file, value as Map<PickleValue, PickleValue>)).toThrow(
      'the number 1 found where the name',
    );
  });
});

describe('attacks', () => {
  test('os.system is read, not called', async () => {
    const marker = join(folder, 'was-here');
    const evil = call(global('os', 'system'), text(`touch ${marker}`));
    const { value } = await readTorchFile(write(torchFile(dictionary({ evil }))));
    expect((value as Map<string, PickleValue>).get('evil')).toMatchObject({ kind: 'object', of: 'os.system' });
    expect(() => readFileSync(marker)).toThrow();
  });

  const forged = (...args: Parameters<typeof tensor>) => torchFile(dictionary({ x: tensor(...args) }), { 0: six });
  const id = (...parts: readonly Pickled[]) =>
    torchFile(Buffer.concat([tuple(...parts), Buffer.from('Q')]), { 0: six });
  const entry = (name: string, data: string) => ({ name: `x/${name}`, data: Buffer.from(data) });

  test.each<[string, Uint8Array, string]>([
    [
      'a storage larger than its entry',
      forged(storage('0', 'FloatStorage', 7), [7]),
      'a storage of 7 F32 cannot be entry "x/data/0" of 24 bytes',
    ],
    ['a storage of another type', forged(storage('0', 'DoubleStorage', 6), [6]), 'a storage of 6 F64 cannot be entry'],
    [
      'a storage of 2^62 numbers',
      forged(storage('0', 'FloatStorage', 2 ** 62), [6]),
      'found where a storage is expected',
    ],
    ['a storage of -1 numbers', forged(storage('0', 'FloatStorage', -1), [6]), 'found where a storage is expected'],
    [
      'a storage that is not there',
      forged(storage('1', 'FloatStorage', 6), [6]),
      'there is no entry data/1 for a storage',
    ],
    [
      'a storage out of the archive',
      forged(storage('../data.pkl', 'FloatStorage', 6), [6]),
      'there is no entry data/../data.pkl',
    ],
    ['a persistent id that is no storage', id(text('module'), text('os')), 'a tuple found where a storage is expected'],
    [
      'a persistent id with a text for a class',
      id(text('storage'), text('torch'), text('0'), text('cpu'), integer(6)),
      'a tuple found where',
    ],
    ['a shape past the end', forged(floatStorage, [7]), 'leaves its storage of 6 numbers'],
    ['an offset past the end', forged(floatStorage, [6], [1], 1), 'leaves its storage of 6 numbers'],
    ['an empty view past the end', forged(floatStorage, [0], [1], 7), 'leaves its storage of 6 numbers'],
    ['strides past the end', forged(floatStorage, [2, 2], [5, 1]), 'leaves its storage of 6 numbers'],
    ['a shape of 2^61', forged(floatStorage, [2 ** 60, 2], [1, 1]), 'is made of something else'],
    ['a shape of 2^106', forged(floatStorage, [2 ** 53 - 1, 2 ** 53 - 1], [1, 1]), 'leaves its storage'],
    ['a negative stride', forged(floatStorage, [2], [-1], 3), 'is made of something else'],
    ['strides of another length', forged(floatStorage, [2], [1, 1]), 'with 1 dimensions and 2 strides'],
    ['65 dimensions', forged(floatStorage, new Array(65).fill(1)), 'with 65 dimensions'],
    ['a tensor of a text', forged(text('0'), [6]), 'is made of something else'],
    ['no data.pkl', zip([{ name: 'x/data/0', data: six }]), 'it holds no data.pkl'],
    [
      'two of them',
      zip(['x', 'y'].map(root => ({ name: `${root}/data.pkl`, data: pickle(list()) }))),
      'more than one data.pkl',
    ],
    ['a wrong checksum', zip([{ name: 'x/data.pkl', data: pickle(list()), crc: 1 }]), 'has another checksum'],
    ['big-endian numbers', torchFile(list(), {}, [entry('byteorder', 'big')]), 'its byte order is big-endian'],
    ['another order', torchFile(list(), {}, [entry('byteorder', 'x'.repeat(5000))]), 'its byte order is not known'],
    ['TorchScript', torchFile(list(), {}, [entry('constants.pkl', '')]), 'a TorchScript program'],
    ['the format before torch 1.6, cut off', Buffer.from(MAGIC, 'hex'), 'its pickle ends early'],
    [
      'a tar',
      Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\0'), Buffer.alloc(249)]),
      'written by torch before 0.1.10',
    ],
    ['a plain pickle', pickle(list()), 'does not start as a zip archive'],
    ['HTML', Buffer.from('<!DOCTYPE html><html>'), 'does not start as a zip archive'],
    ['nothing', new Uint8Array(), 'does not start as a zip archive'],
  ])('%s', async (_, bytes, message) => {
    expect(await refusal(bytes)).toContain(message);
  });
});

describe('the format before torch 1.6', () => {
  const legacy = readFileSync(fileURLToPath(new URL('../../../test/golden/torch-legacy/state.bin', import.meta.url)));

  test('is read as torch reads it', async () => {
    const { file, value } = await readTorchFile(write(legacy));
    const { weights, views, others } = stateTensors(file, value as Map<PickleValue, PickleValue>);
    // As make.py next to the file fills them.
    const values = async (name: string) => [...(await readTensor(weights.get(name)!))];
    expect(await values('matrix')).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await values('half')).toEqual([0.5, -1.5, 2.5]);
    expect(await values('row')).toEqual([3, 4, 5]);
    expect(await values('brain')).toEqual([1, 2]);
    expect(views.get('transposed')).toMatchObject({ shape: [3, 2], strides: [1, 3] });
    expect([...others]).toEqual([['ids', 'I64']]);
  });

  test('a file that ends anywhere, or goes on', async () => {
    for (let end = 0; end < legacy.length; end += 7) await refusal(legacy.subarray(0, end));
    await refusal(legacy.subarray(0, -1));
    expect(await refusal(Buffer.concat([legacy, Buffer.alloc(1)]))).toContain('its storages end at byte');
  });

  test('any changed byte: read or refused with one line, and no tensor extends past the end of the file', async () => {
    const change = fc.tuple(fc.nat(legacy.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), changes => staysInside(legacy, changes)),
      { numRuns: 400 },
    );
  });
});

/** A changed file is read or refused with one line, and no tensor leaves it. */
async function staysInside(sound: Uint8Array, changes: readonly (readonly [at: number, byte: number])[]) {
  const bytes = Buffer.from(sound);
  for (const [at, byte] of changes) bytes[at] = byte;
  const file = write(bytes);
  try {
    const { value } = await readTorchFile(file);
    if (!(value instanceof Map)) return;
    const { weights, views } = stateTensors(file, value);
    for (const { offset, length } of [...weights.values(), ...views.values()]) {
      expect(offset + length).toBeLessThanOrEqual(bytes.length);
    }
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).not.toContain('\n');
  }
}

describe('damage', () => {
  const small = torchFile(dictionary({ a: tensor(floatStorage, [2, 3]), b: tensor(floatStorage, [6]) }), { 0: six });

  test('a file that ends anywhere', async () => {
    for (let end = 0; end < small.length; end++) await refusal(small.subarray(0, end));
  });

  test('the golden file that ends somewhere', async () => {
    const whole = readFileSync(golden);
    for (let i = 0; i < 20; i++) await refusal(whole.subarray(0, Math.floor((whole.length * i) / 20)));
    await refusal(whole.subarray(0, -1));
  });

  test('any changed byte: read or refused with one line, and no tensor extends past the end of the file', async () => {
    const change = fc.tuple(fc.nat(small.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), changes => staysInside(small, changes)),
      { numRuns: 400 },
    );
  });

  test('any pickle in a sound archive: read or refused with one line', async () => {
    const sound = pickle(dictionary({ a: tensor(floatStorage, [2, 3]), b: list(integer(3), text('x')) }));
    const change = fc.tuple(fc.nat(sound.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async changes => {
        const bytes = Buffer.from(sound);
        for (const [at, byte] of changes) bytes[at] = byte;
        const file = write(
          zip([
            { name: 'x/data.pkl', data: bytes },
            { name: 'x/data/0', data: six },
          ]),
        );
        try {
          await readTorchFile(file);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          expect((error as UserError).message).not.toContain('\n');
        }
      }),
      { numRuns: 400 },
    );
  });
});
