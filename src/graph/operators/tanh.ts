import { constant, type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { mul } from './mul.ts';
import { sub } from './sub.ts';

const operator: Operator = {
  name: 'tanh',
  gradient: (y, g) => [mul(g, sub(constant(1), mul(y, y)))],
  onnx: ({ inputs }) => ({ opType: 'Tanh', operands: inputs }),
};

/** Hyperbolic tangent, elementwise: dy/dx = 1 - y^2. */
export function tanh(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
