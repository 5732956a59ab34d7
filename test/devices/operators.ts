import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bindings, constant, differentiate, input, integers, sizeOf, type Tensor } from '../../src/graph/index.ts';
import * as g from '../../src/graph/operators/index.ts';
import { encodeFor } from '../../src/runtime/encode-for.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { interpret, type Value, value } from '../reference/interpreter.ts';
import type { Device } from './devices.ts';

/** Every operator on named dimensions, so that one session serves several sizes. */
const a = input('a', 'float32', ['B', 'T', 4]);
const b = input('b', 'float32', ['B', 'T', 4]);
const m = input('m', 'float32', ['T', 4]);
const ids = input('ids', 'int32', ['B']);
const flat = g.reshape(a, ['B*T', 4]);
const graphs: Readonly<Record<string, Tensor>> = {
  add: g.add(a, m),
  sub: g.sub(m, b),
  mul: g.mul(a, b),
  div: g.div(a, g.exp(b)),
  neg: g.neg(a),
  exp: g.exp(a),
  log: g.log(g.add(g.mul(a, a), constant(1))),
  sqrt: g.sqrt(g.mul(a, a)),
  sigmoid: g.sigmoid(a),
  cos: g.cos(a),
  sin: g.sin(a),
  tanh: g.tanh(a),
  erf: g.erf(a),
  relu: g.relu(a),
  reduceSum: g.reduceSum(a, [0, 2]),
  'reduceSum, axes kept': g.reduceSum(a, [1], { keepAxes: true }),
  reduceMean: g.reduceMean(a),
  reduceMax: g.reduceMax(a),
  expand: g.mul(g.expand(g.reduceMax(m), ['B', 'T', 4]), a),
  'reshape, one named dimension': g.reshape(m, [2, '2*T']),
  'reshape, two named dimensions': g.reshape(flat, ['T', 2, 'B', 2]),
  transpose: g.transpose(a, [2, 0, 1]),
  transposeMatrices: g.transposeMatrices(a),
  matmul: g.matmul(a, g.transposeMatrices(b)),
  'matmul, A transposed': g.matmul(g.transposeMatrices(a), a),
  'matmul, one side shared': g.matmul(a, g.reshape(g.transpose(m, [1, 0]), [1, 4, 'T'])),
  gemm: g.gemm(flat, m, { transposeB: true }),
  'gemm, A transposed': g.gemm(flat, flat, { transposeA: true }),
  'gemm, another matrix added': g.gemm(flat, flat, {
    transposeA: true,
    plus: constant(Array(16).fill(3), [4, 4]),
  }),
  softmax: g.softmax(a),
  gather: g.gather(m, ids),
  gatherElements: g.gatherElements(g.gather(m, ids), g.reshape(ids, ['B', 1]), 1),
  'scatterElements, rows named twice': g.scatterElements(
    m,
    g.expand(g.reshape(integers([0, 0, 0]), [3, 1]), [3, 4]),
    constant(
      Array.from({ length: 12 }, (_, i) => i / 7),
      [3, 4],
    ),
    0,
  ),
  gelu: g.gelu(a),
  'gelu, tanh': g.gelu(a, { tanh: true }),
  layerNorm: g.layerNorm(a, constant([1, 2, -1, 0.5]), constant([0, 1, 0, -1]), 1e-5),
  'layerNorm, its gradient': differentiate(
    g.reduceSum(g.mul(g.layerNorm(a, constant([1, 2, -1, 0.5]), constant([0, 1, 0, -1]), 1e-5), b), [0, 1, 2]),
    [a],
  )[0]!,
  crossEntropy: g.crossEntropy(
    g.reshape(b, ['B*T', 4]),
    g.reshape(g.cast(g.lessOrEqual(g.reduceMax(b), constant(1)), 'int32'), ['B*T']),
  ),
  equal: g.cast(g.equal(ids, integers([1])), 'float32'),
  where: g.where(g.lessOrEqual(a, b), a, constant(7)),
  lessOrEqual: g.cast(g.lessOrEqual(m, constant(0)), 'int32'),
  cast: g.cast(ids, 'float32'),
  concat: g.concat([a, b], 1),
  pad: g.pad(a, 1, 'T', 2),
  split: g.split(g.concat([a, g.neg(b)], 1), 1, ['T', 'T'])[1]!,
};

/** What a device computes by more than sums and products. */
const functions: Readonly<Record<string, Tensor>> = {
  erf: g.erf(m),
  exp: g.exp(m),
  gelu: g.gelu(m),
  log: g.log(m),
  relu: g.relu(m),
  sigmoid: g.sigmoid(m),
  softmax: g.softmax(m),
  sqrt: g.sqrt(m),
  tanh: g.tanh(m),
};

const sizes: readonly Bindings[] = [
  { B: 2, T: 3 },
  { B: 1, T: 1 },
  { B: 3, T: 5 },
];

function feedsFor(bindings: Bindings): Record<string, Value> {
  const numbers = (tensor: { readonly shape: readonly (number | string)[] }, seed: number) => {
    const shape = tensor.shape.map(size => sizeOf(size, bindings));
    const count = shape.reduce((x, y) => x * y, 1);
    return value(
      shape,
      Float32Array.from({ length: count }, (_, i) => Math.sin(2.399963 * (i + 1) + 1.3 * seed) * 2),
    );
  };
  const indices = Array.from({ length: bindings.B! }, (_, i) => i % bindings.T!);
  return { a: numbers(a, 1), b: numbers(b, 2), m: numbers(m, 3), ids: value([bindings.B!], indices) };
}

/** Every operator equals the float64 reference. */
export function testOperators({ open, tolerance, waveTolerance }: Device): void {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await open();
  });
  afterAll(() => runtime.close());

  test.each(Object.entries(graphs))('%s', async (name, output) => {
    const session = await runtime.openSession({
      name,
      model: encodeFor(runtime.device, { name, outputs: { output } }),
    });
    for (const bindings of sizes) {
      const feeds = feedsFor(bindings);
      const used = Object.entries(feeds).filter(([key]) => session.inputs.includes(key));
      const { fetched } = await runtime.run(session, {
        doing: name,
        feeds: Object.fromEntries(
          used.map(([key, { shape, data }]) =>
            key === 'ids'
              ? [key, { type: 'int32', dims: shape, data: Int32Array.from(data) }]
              : [key, { type: 'float32', dims: shape, data: Float32Array.from(data) }],
          ),
        ),
        fetch: ['output'],
      });
      const [reference] = interpret([output], feeds);
      expect(fetched.output!.dims).toEqual(reference!.shape);
      // Float32 carries seven digits of the largest number.
      const largest = Math.max(1, ...reference!.data.map(Math.abs));
      expect(fetched.output!.data).toBeAllClose(
        reference!.data,
        (/^(?:sin|cos)$/.test(name) ? waveTolerance : tolerance) * largest,
      );
    }
    await runtime.closeSession(session);
  });

  test.each(Object.entries(functions))('%s of NaN is found', async (name, output) => {
    const model = encodeFor(runtime.device, { name, outputs: { output } });
    const session = await runtime.openSession({ name, model });
    const run = (data: Float32Array) =>
      runtime.run(session, {
        doing: name,
        feeds: { m: { type: 'float32', dims: [3, 4], data } },
        fetch: ['output'],
      });
    const data = Float32Array.from({ length: 12 }, (_, i) => i + 1);
    await run(data);
    await expect(run(data.with(6, Number.NaN))).rejects.toThrow(/output float32\[3,4\] .* holds (?:NaN|Infinity)/);
    await runtime.closeSession(session);
  });

  test('covers every operator', () => {
    const covered = new Set(Object.keys(graphs).map(name => name.split(/[ ,]/)[0]));
    expect(Object.keys(g).filter(name => !covered.has(name))).toEqual([]);
  });
}
