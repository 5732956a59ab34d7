import { constant, type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { mul } from './mul.ts';
import { sub } from './sub.ts';

const operator: Operator = {
  name: 'sigmoid',
  gradient: (y, g) => [mul(g, mul(y, sub(constant(1), y)))],
  onnx: ({ inputs }) => ({ opType: 'Sigmoid', operands: inputs }),
};

/** Logistic function 1 / (1 + e^-x): dy/dx = y (1 - y). */
export function sigmoid(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
