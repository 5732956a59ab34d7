import { type Operator, operation, refuse, requireFloat, type Shape, type Tensor } from '../tensor.ts';
import { sumTo } from './broadcast.ts';
import { transpose } from './transpose.ts';

const operator: Operator = {
  name: 'matrixMultiply',
  // dA = G B^T, dB = A^T G; leading axes that were stretched are summed.
  gradient: ({ inputs: [a, b] }, g, wanted) => [
    wanted(0) ? sumTo(matrixMultiply(g, swapped(b!)), a!.shape) : undefined,
    wanted(1) ? sumTo(matrixMultiply(swapped(a!), g), b!.shape) : undefined,
  ],
  onnx: ({ inputs }) => ({ opType: 'MatMul', operands: inputs }),
};

function swapped(x: Tensor): Tensor {
  const rank = x.shape.length;
  return transpose(x, [...Array(rank - 2).keys(), rank - 1, rank - 2]);
}

/** Matrix product over the last two axes, [..., M, K] x [..., K, N] -> [..., M, N]; leading axes of equal rank broadcast. */
export function matrixMultiply(a: Tensor, b: Tensor): Tensor {
  requireFloat(operator.name, a, b);
  const rank = a.shape.length;
  if (rank < 2 || rank !== b.shape.length) refuse(operator.name, [a, b], 'ranks differ or are below 2');
  if (a.shape[rank - 1] !== b.shape[rank - 2]) refuse(operator.name, [a, b], 'inner sizes differ');
  const lead: Shape = a.shape.slice(0, -2).map((size, axis) => {
    const other = b.shape[axis]!;
    if (size === other || other === 1) return size;
    if (size === 1) return other;
    return refuse(operator.name, [a, b], 'leading axes do not broadcast');
  });
  return operation(operator, [a, b], [...lead, a.shape[rank - 2]!, b.shape[rank - 1]!]);
}
