import { describe, expect, test } from 'vitest';
import { interpret, value } from '../../test/reference/interpreter.ts';
import { differentiate } from './differentiate.ts';
import * as g from './operators/index.ts';
import { constant, input, type Tensor, topologicalOrder } from './tensor.ts';

const x = input('x', 'float32', ['T', 3]);
const w = input('w', 'float32', [2, 3]);
const v = input('v', 'float32', [2]);
const total = (tensor: Tensor) =>
  g.reduceSum(
    tensor,
    tensor.shape.map((_, axis) => axis),
  );
const operators = (tensors: readonly Tensor[]) =>
  topologicalOrder(tensors).flatMap(tensor => (tensor.kind === 'operation' ? [tensor.operator.name] : []));

describe('differentiate', () => {
  test('adds up the paths to a parameter', () => {
    // loss = sum over rows of (x w^T)^2: d/dw = 2 (x w^T)^T x
    const y = g.gemm(x, w, { transposeB: true });
    const [gradient] = differentiate(total(g.mul(y, y)), [w]);
    const feeds = { x: value([1, 3], [1, 2, 3]), w: value([2, 3], [1, 0, -1, 0.5, 0.5, 0]) };
    const [result] = interpret([gradient!], feeds);
    expect(Array.from(result!.data)).toEqual([-4, -8, -12, 3, 6, 9]);
  });

  test('builds no gradient that is not requested', () => {
    const y = g.add(g.gemm(x, w, { transposeB: true }), v);
    const loss = total(g.mul(y, y));
    const forV = operators(differentiate(loss, [v]));
    const forBoth = operators(differentiate(loss, [v, w]));
    // The gradient of v needs no product with x; that of w needs one.
    expect(forV.filter(name => name === 'gemm').length).toBe(1);
    expect(forBoth.filter(name => name === 'gemm').length).toBe(2);
  });

  test('builds no gradient of constants', () => {
    const [gradient] = differentiate(total(g.mul(v, constant([3, 5]))), [v]);
    expect(Array.from(interpret([gradient!], { v: value([2], [1, 1]) })[0]!.data)).toEqual([3, 5]);
  });

  test('refuses a loss that is not a scalar, a parameter that it does not depend on, and an operator without a gradient', () => {
    expect(() => differentiate(v, [v])).toThrow('the loss must be a float32 scalar, not float32 [2]');
    expect(() => differentiate(total(x), [v])).toThrow('the loss does not depend on v');
    const mask = g.cast(g.lessOrEqual(v, constant(0)), 'float32');
    expect(() => differentiate(total(mask), [v])).toThrow('cast has no gradient');
  });
});
