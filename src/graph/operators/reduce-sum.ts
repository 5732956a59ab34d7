import { axisOf, type Operator, operation, requireFloat, type Shape, type Tensor } from '../tensor.ts';
import { expand } from './expand.ts';
import { reshape } from './reshape.ts';

/** Shape after a reduction, and the same with the reduced axes kept as 1. */
export function reducedShapes(x: Tensor, axes: readonly number[]): { readonly kept: Shape; readonly dropped: Shape } {
  return {
    kept: x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
    dropped: x.shape.filter((_, axis) => !axes.includes(axis)),
  };
}

/** Brings the gradient of a reduction back to rank: reduced axes as 1. */
export function withReducedAxes(gradient: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  const { kept } = reducedShapes(x, axes);
  return gradient.shape.length === kept.length ? gradient : reshape(gradient, kept);
}

const operator: Operator = {
  name: 'reduceSum',
  gradient: ({ inputs: [x], attributes }, g) => [
    expand(withReducedAxes(g, x!, attributes.axes as readonly number[]), x!.shape),
  ],
  onnx: ({ inputs, attributes }) => ({
    opType: 'ReduceSum',
    operands: [...inputs, { kind: 'dimensions', values: attributes.axes as readonly number[] }],
    attributes: { keepdims: attributes.keepAxes as number },
  }),
};

/** Sum over the given axes, which stay as 1 with `keepAxes`. */
export function reduceSum(x: Tensor, axes: readonly number[], { keepAxes = false } = {}): Tensor {
  requireFloat(operator.name, x);
  const fromFront = axes.map(axis => axisOf(operator.name, x, axis));
  const { kept, dropped } = reducedShapes(x, fromFront);
  return operation(operator, [x], keepAxes ? kept : dropped, {
    attributes: { axes: fromFront, keepAxes: keepAxes ? 1 : 0 },
  });
}
