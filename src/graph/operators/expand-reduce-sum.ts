/** @file Repeating and summing along axes: each is the gradient of the other. */
import {
  axisOf,
  constant,
  type Operator,
  operation,
  refuse,
  requireFloat,
  type Shape,
  type Tensor,
} from '../tensor.ts';
import { reshape } from './reshape.ts';

const expandOperator: Operator = {
  name: 'expand',
  gradient: ({ inputs: [x] }, g) => [sumTo(g, x!.shape)],
  onnx: ({ inputs, shape }) => ({ opType: 'Expand', operands: [...inputs, { kind: 'dimensions', values: shape }] }),
};

/** Repeats axes of size 1 up to `shape`, which may have further axes in front. */
export function expand(x: Tensor, shape: Shape): Tensor {
  const lead = shape.length - x.shape.length;
  if (lead < 0 || x.shape.some((size, axis) => size !== 1 && size !== shape[axis + lead])) {
    refuse(expandOperator.name, [x], `does not expand to [${shape.join(', ')}]`);
  }
  if (lead === 0 && x.shape.every((size, axis) => size === shape[axis])) return x;
  return operation(expandOperator, [x], shape);
}

/** Float32 zeros of a shape. */
export function zeros(shape: Shape): Tensor {
  return expand(constant(0), shape);
}

const sumOperator: Operator = {
  name: 'reduceSum',
  gradient: ({ inputs: [x], attributes }, g) => {
    const kept = keptShape(x!, attributes.axes as readonly number[]);
    return [expand(g.shape.length === kept.length ? g : reshape(g, kept), x!.shape)];
  },
  onnx: ({ inputs, attributes }) => ({
    opType: 'ReduceSum',
    operands: [...inputs, { kind: 'dimensions', values: attributes.axes as readonly number[] }],
    attributes: { keepdims: attributes.keepAxes as number },
  }),
};

/** Sum over the given axes, which stay as 1 with `keepAxes`. */
export function reduceSum(x: Tensor, axes: readonly number[], { keepAxes = false } = {}): Tensor {
  requireFloat(sumOperator.name, x);
  const fromFront = axes.map(axis => axisOf(sumOperator.name, x, axis));
  const shape = keepAxes ? keptShape(x, fromFront) : x.shape.filter((_, axis) => !fromFront.includes(axis));
  return operation(sumOperator, [x], shape, { attributes: { axes: fromFront, keepAxes: keepAxes ? 1 : 0 } });
}

/** The shape of x with reduced axes as 1. */
function keptShape(x: Tensor, axes: readonly number[]): Shape {
  return x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}

/** Sums a gradient over the axes that broadcasting expanded, to the shape of the operand. */
export function sumTo(gradient: Tensor, shape: Shape): Tensor {
  const lead = gradient.shape.length - shape.length;
  const expanded = gradient.shape.flatMap((size, axis) =>
    axis < lead || (shape[axis - lead] === 1 && size !== 1) ? [axis] : [],
  );
  if (expanded.length === 0) return gradient;
  const summed = reduceSum(gradient, expanded, { keepAxes: true });
  return lead === 0 ? summed : reshape(summed, shape);
}
