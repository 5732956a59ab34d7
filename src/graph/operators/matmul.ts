import { type Operator, operation, refuse, requireFloat, type Shape, type Tensor } from '../tensor.ts';
import { sumTo } from './expand-reduce-sum.ts';
import { areTransposedMatrices, transposeMatrices } from './transpose.ts';

const operator: Operator = {
  name: 'matmul',
  // dA = G B^T, dB = A^T G; leading axes that were broadcast are summed.
  gradient: ({ inputs: [a, b] }, g, wanted) => [
    wanted(0) ? gradientOf(a!, g, transposeMatrices(b!)) : undefined,
    wanted(1) ? gradientOf(b!, transposeMatrices(a!), g) : undefined,
  ],
  onnx: ({ inputs }) => ({ opType: 'MatMul', operands: inputs }),
};

/**
 * The gradient of an operand, the product x y. For an operand X^T it is written (y^T x^T)^T, so
 * that the gradient of X becomes y^T x^T, without a transposition.
 */
function gradientOf(operand: Tensor, x: Tensor, y: Tensor): Tensor {
  const product = areTransposedMatrices(operand)
    ? transposeMatrices(matmul(transposeMatrices(y), transposeMatrices(x)))
    : matmul(x, y);
  return sumTo(product, operand.shape);
}

/**
 * Matrix product over the last two axes, [..., M, K] x [..., K, N] -> [..., M, N]. Leading axes
 * broadcast; both operands have the same rank. The engine fuses `transposeMatrices` of an operand
 * into the product.
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
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
