import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scratchRuntime } from '../../../test/scratch-runtime.ts';
import type { TensorData } from '../../runtime/runtime.ts';
import { matmul, sub } from '../operators/index.ts';
import { input, weight } from '../tensor.ts';
import { BRANCH, branchOf, joinModels } from './branches.ts';
import { encodeOnnx } from './encode.ts';

const scratch = scratchRuntime();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dualform-branches-'));
  writeFileSync(join(folder, 'w'), new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer));
});
afterAll(() => rmSync(folder, { recursive: true }));

const locate = () => ({ location: 'w', offset: 0, length: 16, dtype: 'F32' as const });
const w = weight('w', [2, 2]);
const x = input('x', 'float32', ['T', 2]);
const shift = input('shift', 'float32', [2]);
/** y = x w - shift, [T, 2] */
const product = encodeOnnx({ name: 'product', outputs: { y: sub(matmul(x, w), shift) }, locate });
/** y = x - shift, [T, 2]; z = x w */
const both = encodeOnnx({ name: 'both', outputs: { y: sub(x, shift), z: matmul(x, w) }, locate });

const floats = (dims: readonly number[], ...data: number[]): TensorData => ({
  type: 'float32',
  dims,
  data: Float32Array.from(data),
});

test('computes the branch that is chosen, from one copy of the weights', async () => {
  const { runtime } = scratch;
  const session = await runtime.openSession({
    name: 'joined',
    model: joinModels('joined', [product, both]),
    weightsRoot: `${folder}/`,
  });
  expect(session.inputs).toEqual([BRANCH, '0/x', 'shift', '1/x']);
  expect(session.outputs).toEqual(['0/y', '1/y', '1/z']);
  const run = async (branch: number, feeds: Readonly<Record<string, TensorData>>, fetch: readonly string[]) => {
    const number: TensorData = { type: 'int32', dims: [], data: Int32Array.of(branch) };
    const request = { doing: 'a test', feeds: { ...feeds, [BRANCH]: number, shift: floats([2], 10, 20) }, fetch };
    return (await runtime.run(session, request)).fetched;
  };
  const [one, none] = [floats([1, 2], 1, 1), floats([0, 2])];
  const three = floats([3, 2], 1, 0, 0, 1, 1, 1);
  expect(await run(0, { '0/x': three, '1/x': none }, ['0/y'])).toEqual({
    '0/y': floats([3, 2], -9, -18, -7, -16, -6, -14),
  });
  expect(await run(1, { '0/x': none, '1/x': one }, ['0/y', '1/y', '1/z'])).toEqual({
    '0/y': floats([0, 0]),
    '1/y': floats([1, 2], -9, -19),
    '1/z': floats([1, 2], 4, 6),
  });
});

test('lists what a model reads and computes, and its names in the joined one', () => {
  expect(branchOf(both, 3)).toEqual({
    inputs: [
      { name: 'x', outside: '3/x', type: 'float32', shape: ['T', 2] },
      { name: 'shift', outside: 'shift', type: 'float32', shape: [2] },
    ],
    outputs: [
      { name: 'y', outside: '3/y' },
      { name: 'z', outside: '3/z' },
    ],
  });
});

test('refuses weights of one name in two places', () => {
  const elsewhere = () => ({ ...locate(), offset: 8 });
  const other = encodeOnnx({ name: 'other', outputs: { y: matmul(x, w) }, locate: elsewhere });
  expect(() => joinModels('joined', [product, other])).toThrow('joined: branches have different tensors of the name w');
});
