import { constant, type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { divide } from './divide.ts';
import { multiply } from './multiply.ts';

const operator: Operator = {
  name: 'squareRoot',
  gradient: (y, g) => [divide(multiply(g, constant(0.5)), y)],
  onnx: ({ inputs }) => ({ opType: 'Sqrt', operands: inputs }),
};

/** Square root, element by element: dy/dx = 1 / (2y). */
export function squareRoot(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
