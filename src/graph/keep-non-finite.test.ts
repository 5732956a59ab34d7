import { expect, test } from 'vitest';
import { interpret, value } from '../../test/reference/interpreter.ts';
import { keepNonFinite } from './keep-non-finite.ts';
import * as g from './operators/index.ts';
import { constant, input, type Tensor } from './tensor.ts';

const x = input('x', 'float32', ['N', 3]);
const outputs: Readonly<Record<string, Tensor>> = {
  softmax: g.softmax(g.mul(x, constant(2))),
  gelu: g.gelu(g.reduceSum(x, [0, 1])),
  gradient: g.layerNorm(g.relu(x), constant([1, 2, 3]), constant([0, 0, 1]), 1e-5),
};

const compute = (of: Readonly<Record<string, Tensor>>, numbers: readonly number[]) =>
  interpret(Object.values(of), { x: value([2, 3], numbers) }).map(({ data }) => Array.from(data));

test('finite numbers stay as they are', () => {
  const numbers = [1, -2, 0.5, 0, 3, -1];
  expect(compute(keepNonFinite(outputs), numbers)).toEqual(compute(outputs, numbers));
});

test('a row with infinity becomes NaN, where the function itself is finite', () => {
  const numbers = [1, -2, 0.5, 0, Number.NEGATIVE_INFINITY, -1];
  expect(compute({ relu: g.relu(x) }, numbers)[0]!.slice(3)).toEqual([0, 0, 0]);
  const [kept] = compute(keepNonFinite({ relu: g.relu(x) }), numbers);
  expect(kept).toEqual([1, 0, 0.5, Number.NaN, Number.NaN, Number.NaN]);
});
