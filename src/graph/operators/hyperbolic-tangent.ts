import { constant, type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { multiply } from './multiply.ts';
import { subtract } from './subtract.ts';

const operator: Operator = {
  name: 'hyperbolicTangent',
  gradient: (y, g) => [multiply(g, subtract(constant(1), multiply(y, y)))],
  onnx: ({ inputs }) => ({ opType: 'Tanh', operands: inputs }),
};

/** Hyperbolic tangent, element by element: dy/dx = 1 - y^2. */
export function hyperbolicTangent(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
