import { afterAll, beforeAll, expect, test } from 'vitest';
import * as g from '../graph/operators/index.ts';
import { input, weight } from '../graph/tensor.ts';
import { encodeFor, weightInputs } from './encode-for.ts';
import { type NodeRuntime, openRuntime } from './node/open-runtime.ts';
import type { TensorData } from './runtime.ts';

const x = input('x', 'float32', ['N', 2]);
const outputs = { y: g.relu(g.gemm(x, weight('w', [2, 2]))) };
const floats = (dims: readonly number[], data: readonly number[]): TensorData => ({
  type: 'float32',
  dims,
  data: Float32Array.from(data),
});

let runtime: NodeRuntime;
beforeAll(async () => {
  runtime = await openRuntime({ threads: 1 });
});
afterAll(() => runtime.close());

test('sessions of a graph for WebGPU share the tensors of their weights', async () => {
  expect([...weightInputs(outputs).values()].map(({ name, type }) => [name, type])).toEqual([['w', 'float32']]);
  const w = await runtime.upload('w', floats([2, 2], [1, 2, 3, 4]));
  const model = encodeFor('webgpu', { name: 'product', outputs });
  for (const name of ['first', 'second']) {
    const session = await runtime.openSession({ name, model, weights: { w } });
    expect(session.inputs).toEqual(['x']);
    const run = (numbers: readonly number[]) =>
      runtime.run(session, { doing: 'a test', feeds: { x: floats([1, 2], numbers) }, fetch: ['y'] });
    expect((await run([1, -1])).fetched.y!.data).toEqual(Float32Array.of(0, 0));
    expect((await run([-1, 1])).fetched.y!.data).toEqual(Float32Array.of(2, 2));
    await expect(run([Number.NaN, 1])).rejects.toThrow('the input x contains NaN');
  }
  expect(await runtime.tensors()).toEqual(['w']);
});

test('a graph for another device has its weights inside', () => {
  const place = { location: 'weights.bin', offset: 0, length: 16, dtype: 'F32' } as const;
  const model = encodeFor('cpu', { name: 'product', outputs, locate: () => place });
  expect(new TextDecoder().decode(model)).toContain('weights.bin');
});
