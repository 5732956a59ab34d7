import { describe, expect, test } from 'vitest';
import { type Feeds, interpret, value } from '../../../test/reference/interpreter.ts';
import { differentiate } from '../differentiate.ts';
import { constant, input, integers, type Tensor } from '../tensor.ts';
import * as g from './index.ts';

/** Numbers that look random and never repeat: no test here depends on luck. */
function numbers(count: number, seed: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => Math.sin(2.399963 * (i + 1) + 1.3 * seed) * 1.5);
}

interface Case {
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly build: (x: Readonly<Record<string, Tensor>>) => Tensor;
  /** Keeps arguments inside the domain. */
  readonly positive?: boolean;
}

const indices = integers([2, 0, 2, 1]);
const cases: Readonly<Record<string, Case>> = {
  add: { inputs: { a: [2, 3], b: [3] }, build: ({ a, b }) => g.add(a!, b!) },
  'sub, stretched on both sides': { inputs: { a: [2, 1, 3], b: [4, 1] }, build: ({ a, b }) => g.sub(a!, b!) },
  mul: { inputs: { a: [2, 3], b: [2, 1] }, build: ({ a, b }) => g.mul(a!, b!) },
  'mul by itself': { inputs: { a: [5] }, build: ({ a }) => g.mul(a!, a!) },
  div: { inputs: { a: [2, 3], b: [3] }, build: ({ a, b }) => g.div(a!, b!), positive: true },
  neg: { inputs: { a: [4] }, build: ({ a }) => g.neg(a!) },
  exp: { inputs: { a: [4] }, build: ({ a }) => g.exp(a!) },
  log: { inputs: { a: [4] }, build: ({ a }) => g.log(a!), positive: true },
  sqrt: { inputs: { a: [4] }, build: ({ a }) => g.sqrt(a!), positive: true },
  sigmoid: { inputs: { a: [4] }, build: ({ a }) => g.sigmoid(a!) },
  cos: { inputs: { a: [4] }, build: ({ a }) => g.cos(a!) },
  sin: { inputs: { a: [4] }, build: ({ a }) => g.sin(a!) },
  tanh: { inputs: { a: [4] }, build: ({ a }) => g.tanh(a!) },
  erf: { inputs: { a: [4] }, build: ({ a }) => g.erf(a!) },
  relu: { inputs: { a: [6] }, build: ({ a }) => g.relu(a!) },
  'reduceSum, axes dropped': { inputs: { a: [2, 3, 4] }, build: ({ a }) => g.reduceSum(a!, [0, 2]) },
  'reduceSum, axes kept': { inputs: { a: [2, 3, 4] }, build: ({ a }) => g.reduceSum(a!, [1], { keepAxes: true }) },
  reduceMean: { inputs: { a: [2, 5] }, build: ({ a }) => g.reduceMean(a!) },
  reduceMax: { inputs: { a: [3, 4] }, build: ({ a }) => g.reduceMax(a!) },
  expand: { inputs: { a: [3, 1] }, build: ({ a }) => g.expand(a!, [2, 3, 4]) },
  reshape: { inputs: { a: [2, 6] }, build: ({ a }) => g.reshape(a!, [3, 4]) },
  transpose: { inputs: { a: [2, 3, 4] }, build: ({ a }) => g.transpose(a!, [2, 0, 1]) },
  transposeMatrices: { inputs: { a: [2, 3, 4] }, build: ({ a }) => g.transposeMatrices(a!) },
  'transpose, twice': {
    inputs: { a: [2, 3, 4] },
    build: ({ a }) => g.transpose(g.transpose(a!, [2, 0, 1]), [0, 2, 1]),
  },
  'transpose, there and back': {
    inputs: { a: [2, 3, 4] },
    build: ({ a }) => g.transpose(g.transpose(a!, [2, 0, 1]), [1, 2, 0]),
  },
  matmul: { inputs: { a: [2, 3, 4], b: [2, 4, 5] }, build: ({ a, b }) => g.matmul(a!, b!) },
  'matmul, one side shared': {
    inputs: { a: [2, 3, 4], b: [1, 4, 5] },
    build: ({ a, b }) => g.matmul(a!, b!),
  },
  'matmul, A transposed': {
    inputs: { a: [2, 4, 3], b: [2, 4, 5] },
    build: ({ a, b }) => g.matmul(g.transposeMatrices(a!), b!),
  },
  'matmul, both transposed, one shared': {
    inputs: { a: [2, 4, 3], b: [1, 5, 4] },
    build: ({ a, b }) => g.matmul(g.transposeMatrices(a!), g.transposeMatrices(b!)),
  },
  gemm: { inputs: { a: [3, 4], b: [4, 5] }, build: ({ a, b }) => g.gemm(a!, b!) },
  'gemm, A transposed': { inputs: { a: [4, 3], b: [4, 5] }, build: ({ a, b }) => g.gemm(a!, b!, { transposeA: true }) },
  'gemm, B transposed': { inputs: { a: [3, 4], b: [5, 4] }, build: ({ a, b }) => g.gemm(a!, b!, { transposeB: true }) },
  'gemm, both transposed': {
    inputs: { a: [4, 3], b: [5, 4] },
    build: ({ a, b }) => g.gemm(a!, b!, { transposeA: true, transposeB: true }),
  },
  'gemm, another matrix added': {
    inputs: { a: [4, 3], b: [4, 5], c: [3, 5] },
    build: ({ a, b, c }) => g.gemm(a!, b!, { transposeA: true, plus: c! }),
  },
  softmax: { inputs: { a: [3, 5] }, build: ({ a }) => g.softmax(a!) },
  'gather, a row read twice': { inputs: { a: [3, 2] }, build: ({ a }) => g.gather(a!, indices) },
  gatherElements: {
    inputs: { a: [3, 4] },
    build: ({ a }) => g.gatherElements(a!, integers([3, 3, 0, 2, 1, 1], [3, 2]), 1),
  },
  'scatterElements, a row named twice': {
    inputs: { a: [3, 2], b: [4, 2] },
    build: ({ a, b }) => g.scatterElements(a!, integers([2, 0, 0, 1, 2, 1, 1, 1], [4, 2]), b!, 0),
  },
  gelu: { inputs: { a: [6] }, build: ({ a }) => g.gelu(a!) },
  'gelu, tanh': { inputs: { a: [6] }, build: ({ a }) => g.gelu(a!, { tanh: true }) },
  layerNorm: {
    inputs: { a: [3, 5], b: [5], c: [5] },
    build: ({ a, b, c }) => g.layerNorm(a!, b!, c!, 1e-2),
  },
  crossEntropy: { inputs: { a: [4, 5] }, build: ({ a }) => g.crossEntropy(a!, integers([4, 0, 0, 2])) },
  where: {
    inputs: { a: [3, 4], b: [4] },
    build: ({ a, b }) => g.where(g.lessOrEqual(integers([0, 1, 2, 3]), integers([1, 2, 0], [3, 1])), a!, b!),
  },
  concat: { inputs: { a: [2, 3], b: [2, 1], c: [2, 2] }, build: ({ a, b, c }) => g.concat([a!, b!, c!], 1) },
  pad: { inputs: { a: [2, 3] }, build: ({ a }) => g.pad(a!, 1, 2, 1) },
  'split, a part twice and one not at all': {
    inputs: { a: [2, 6] },
    build: ({ a }) => {
      const [x, y] = g.split(a!, 1, [2, 2, 2]) as [Tensor, Tensor, Tensor];
      return g.add(g.mul(x, y), x);
    },
  },
  'split, the middle part': { inputs: { a: [2, 6] }, build: ({ a }) => g.split(a!, 1, [1, 3, 2])[1]! },
  'split, all parts': {
    inputs: { a: [5, 2] },
    build: ({ a }) => {
      const [x, y, z] = g.split(a!, 0, [2, 1, 2]) as [Tensor, Tensor, Tensor];
      return g.add(g.mul(x, y), z);
    },
  },
};

/** A scalar whose gradient is different at every element. */
function asLoss(x: Tensor, feeds: Feeds): Tensor {
  const [result] = interpret([x], feeds) as [ReturnType<typeof value>];
  const flat = g.reshape(x, [result.data.length]);
  return g.reduceSum(g.mul(flat, constant(Array.from(numbers(result.data.length, 99)))), [0]);
}

describe('every gradient equals central differences in float64', () => {
  for (const [name, { inputs, build, positive }] of Object.entries(cases)) {
    test(name, () => {
      const tensors = Object.fromEntries(
        Object.entries(inputs).map(([key, shape]) => [key, input(key, 'float32', shape)]),
      );
      const feeds: Record<string, ReturnType<typeof value>> = {};
      Object.entries(inputs).forEach(([key, shape], seed) => {
        const data = numbers(
          shape.reduce((a, b) => a * b, 1),
          seed + 1,
        );
        feeds[key] = value(shape, positive ? data.map(x => 0.5 + Math.abs(x)) : data);
      });
      const loss = asLoss(build(tensors), feeds);
      const keys = Object.keys(inputs);
      const gradients = interpret(
        differentiate(
          loss,
          keys.map(key => tensors[key]!),
        ),
        feeds,
      );
      const lossAt = (changed: Feeds) => interpret([loss], changed)[0]!.data[0]!;
      keys.forEach((key, i) => {
        const at = feeds[key]!;
        const step = 1e-5;
        const numeric = Array.from(at.data, (x, element) => {
          const moved = (by: number) => ({ ...feeds, [key]: value(at.shape, at.data.with(element, x + by)) });
          return (lossAt(moved(step)) - lossAt(moved(-step))) / (2 * step);
        });
        expect(gradients[i]!.data).toBeAllClose(numeric, 1e-8);
        expect(numeric.some(x => Math.abs(x) > 1e-3)).toBe(true);
      });
    });
  }

  test('covers every operator that has a gradient', () => {
    const without = new Set(['cast', 'equal', 'lessOrEqual']);
    const covered = new Set(Object.keys(cases).map(name => name.split(/[ ,]/)[0]));
    expect(Object.keys(g).filter(name => !covered.has(name) && !without.has(name))).toEqual([]);
  });
});

describe('shape rules refuse wrong operands and name operator, tensors and shapes', () => {
  const a = input('a', 'float32', ['T', 3]);
  const b = input('b', 'float32', ['P', 4]);
  const ids = input('ids', 'int32', ['T']);
  const refused: Readonly<Record<string, () => unknown>> = {
    'add: shapes do not broadcast: a [T, 3] and b [P, 4]': () => g.add(a, b),
    'add: types differ: a [T, 3] and ids int32 [T]': () => g.add(a, ids),
    'gemm: inner sizes differ (transposeA false, transposeB true): a [T, 3] and b [P, 4]': () =>
      g.gemm(a, b, { transposeB: true }),
    'matmul: inner sizes differ: a [T, 3] and b [P, 4]': () => g.matmul(a, b),
    'reshape: does not fill [3*T, 2]: a [T, 3]': () => g.reshape(a, ['3*T', 2]),
    'transpose: [0, 0] is not a permutation of the axes: a [T, 3]': () => g.transpose(a, [0, 0]),
    'split: axis 1 is not 1 + 1: a [T, 3]': () => g.split(a, 1, [1, 1]),
    'concat: shapes differ outside axis 0: a [T, 3] and b [P, 4]': () => g.concat([a, b], 0),
    'gather: indices must be int32: a [T, 3] and b [P, 4]': () => g.gather(a, b),
    'gatherElements: shapes differ outside axis 1: a [T, 3] and ids int32 [T]': () => g.gatherElements(a, ids, 1),
    'scatterElements: each update needs an index: ids int32 [T] and b [P, 4]': () => g.scatterElements(a, ids, b, 0),
    'layerNorm: sizes differ: a [T, 3] and constant [2]': () =>
      g.layerNorm(a, constant([1, 1]), constant([0, 0]), 1e-5),
    'crossEntropy: needs one row of logits per target: b [P, 4] and ids int32 [T]': () => g.crossEntropy(b, ids),
    'softmax: needs float32: ids int32 [T]': () => g.softmax(ids),
    'reduceSum: no axis 2: a [T, 3]': () => g.reduceSum(a, [2]),
    'expand: does not expand to [2, 3]: a [T, 3]': () => g.expand(a, [2, 3]),
    'where: the condition must be bool: a [T, 3]': () => g.where(a, a, a),
  };
  for (const [message, act] of Object.entries(refused)) {
    test(message, () => expect(act).toThrow(message));
  }
});
