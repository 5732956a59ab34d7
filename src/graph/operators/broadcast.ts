/** @file What the element-wise operators share: the broadcasting shape rule and its reverse. */
import type { Dimension } from '../dimension.ts';
import {
  type ElementType,
  type Operation,
  type Operator,
  operation,
  refuse,
  type Shape,
  type Tensor,
} from '../tensor.ts';
import { reduceSum } from './reduce-sum.ts';
import { reshape } from './reshape.ts';

/** The shape of an element-wise result: axes aligned at the end, 1 stretches. */
export function broadcastShape(operator: string, tensors: readonly Tensor[]): Shape {
  const rank = Math.max(...tensors.map(tensor => tensor.shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let size: Dimension = 1;
    for (const { shape } of tensors) {
      const own = shape[axis - rank + shape.length] ?? 1;
      if (size === 1) size = own;
      else if (own !== 1 && own !== size) refuse(operator, tensors, 'shapes do not broadcast');
    }
    return size;
  });
}

/** Node of an element-wise operator with two operands of one type. */
export function elementwise(operator: Operator, a: Tensor, b: Tensor, type: ElementType = a.type): Operation {
  if (a.type !== b.type) refuse(operator.name, [a, b], 'types differ');
  return operation(operator, [a, b], broadcastShape(operator.name, [a, b]), { type });
}

/** Sums a gradient over the axes that broadcasting stretched, back to the shape of the operand. */
export function sumTo(gradient: Tensor, shape: Shape): Tensor {
  const lead = gradient.shape.length - shape.length;
  const stretched = gradient.shape.flatMap((size, axis) =>
    axis < lead || (shape[axis - lead] === 1 && size !== 1) ? [axis] : [],
  );
  if (stretched.length === 0) return gradient;
  const summed = reduceSum(gradient, stretched, { keepAxes: true });
  return lead === 0 ? summed : reshape(summed, shape);
}
