import { expect, test } from 'vitest';
import { halfProducts } from './half-products.ts';
import * as g from './operators/index.ts';
import { input, type Tensor, topologicalOrder, weight } from './tensor.ts';

const ids = input('ids', 'int32', ['T']);
const hidden = g.gather(weight('table', [5, 4]), ids);
const scores = g.softmax(g.matmul(hidden, g.transposeMatrices(hidden)));
const forward = g.gemm(g.mul(scores, scores), hidden);
const backward = g.gemm(g.neg(forward), hidden, { transposeA: true });

const halves = (tensor: Tensor) =>
  topologicalOrder([tensor]).flatMap(each =>
    each.kind === 'operation' && each.type === 'float16' ? each.operator.name : [],
  );

test('tables and forward products are float16, softmax and backward products float32', () => {
  const { loss, gradient } = halfProducts({ loss: forward, gradient: backward }, name => name === 'gradient');
  expect(loss!.type).toBe('float32');
  expect(new Set(halves(loss!))).toEqual(new Set(['cast', 'gather', 'matmul', 'gemm']));
  const count = (names: readonly string[]) => names.filter(name => name === 'gemm').length;
  expect(count(halves(gradient!))).toBe(count(halves(loss!)));
});
