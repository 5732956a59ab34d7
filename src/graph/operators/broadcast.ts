/** @file The shape rule of elementwise operators. `sumTo` is its reverse, for gradients. */
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

/**
 * The shape of an elementwise result, as in NumPy: axes are aligned at the end, size 1 is repeated.
 */
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

/** Node of an elementwise operator with two operands of one type. */
export function elementwise(operator: Operator, a: Tensor, b: Tensor, type: ElementType = a.type): Operation {
  if (a.type !== b.type) refuse(operator.name, [a, b], 'types differ');
  return operation(operator, [a, b], broadcastShape(operator.name, [a, b]), { type });
}
