import { constant, type Operator, operation, refuse, type Shape, type Tensor } from '../tensor.ts';
import { sumTo } from './broadcast.ts';

const operator: Operator = {
  name: 'expand',
  gradient: ({ inputs: [x] }, g) => [sumTo(g, x!.shape)],
  onnx: ({ inputs, shape }) => ({ opType: 'Expand', operands: [...inputs, { kind: 'dimensions', values: shape }] }),
};

/** Repeats axes of size 1 up to `shape`. */
export function expand(x: Tensor, shape: Shape): Tensor {
  const lead = shape.length - x.shape.length;
  if (lead < 0 || x.shape.some((size, axis) => size !== 1 && size !== shape[axis + lead])) {
    refuse(operator.name, [x], `does not expand to [${shape.join(', ')}]`);
  }
  if (lead === 0 && x.shape.every((size, axis) => size === shape[axis])) return x;
  return operation(operator, [x], shape);
}

/** Float32 zeros of a shape. */
export function zeros(shape: Shape): Tensor {
  return expand(constant(0), shape);
}
