import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { tinyOnnx } from '../../../test/tiny-onnx.ts';
import { openRuntime } from './open-runtime.ts';

const links = 300;
/** Long names make a long graph of few nodes. */
const sum = (i: number) => (i === links ? 'sum' : `sum${i}`.padEnd(200, '-'));
const size = 4;
const weights = Float32Array.from({ length: size }, (_, i) => i + 1);

/** x + w + 0 w + .. + 0 w, long enough to be kept; the products of weights are computed in advance. */
const model = (location: string) =>
  tinyOnnx({
    inputs: { x: { dims: [size] } },
    outputs: { sum: { dims: [size] } },
    nodes: [
      ['Mul', ['w', 'zero'], ['nothing']],
      ['Add', ['x', 'w'], [sum(0)]],
      ...Array.from({ length: links }, (_, i) => ['Add', [sum(i), 'nothing'], [sum(i + 1)]] as const),
    ],
    weights: {
      w: { dims: [size], location, offset: 0, length: 4 * size },
      zero: { dims: [size], values: new Array(size).fill(0) },
    },
  });

let folder: string;
let file: string;
const kept = () => readdirSync(join(folder, 'cache', 'graphs'));
const write = (values: Float32Array, age = 60) => {
  writeFileSync(file, values);
  utimesSync(file, Date.now() / 1000 - age, Date.now() / 1000 - age);
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dualform-kept-'));
  file = join(folder, 'weights');
  vi.stubEnv('DUALFORM_CACHE', join(folder, 'cache'));
  write(weights);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** The sum in a new runtime. */
async function compute(): Promise<number[]> {
  const runtime = await openRuntime({ threads: 1 });
  try {
    const session = await runtime.openSession({
      name: 'sums',
      model: model(file.slice(1)),
      weightsRoot: '/',
      sources: [file],
    });
    const x = { type: 'float32', dims: [size], data: new Float32Array(size) } as const;
    const { fetched } = await runtime.run(session, { doing: 'a test', feeds: { x }, fetch: ['sum'] });
    return [...fetched.sum!.data];
  } finally {
    await runtime.close();
  }
}

test('an optimised graph is kept, read again, and made again when it is damaged', async () => {
  expect(await compute()).toEqual([1, 2, 3, 4]);
  const [name, ...others] = kept();
  expect(others).toEqual([]);
  const path = join(folder, 'cache', 'graphs', name!);
  const content = readFileSync(path);

  expect(await compute()).toEqual([1, 2, 3, 4]);
  expect(kept()).toEqual([name]);

  writeFileSync(path, content.subarray(0, content.length / 2));
  expect(await compute()).toEqual([1, 2, 3, 4]);
  expect(readFileSync(path)).toEqual(content);
});

test('changed weights have a graph of their own', async () => {
  await compute();
  write(weights.map(x => 2 * x));
  expect(await compute()).toEqual([2, 4, 6, 8]);
  expect(kept()).toHaveLength(2);
});

test('weights that were just written, and a cache directory that cannot be written, keep nothing', async () => {
  write(weights, 0);
  expect(await compute()).toEqual([1, 2, 3, 4]);
  expect(kept).toThrow('ENOENT');
  write(weights);
  vi.stubEnv('DUALFORM_CACHE', join(file, 'no'));
  expect(await compute()).toEqual([1, 2, 3, 4]);
});
