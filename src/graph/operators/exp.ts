import { type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { mul } from './mul.ts';

const operator: Operator = {
  name: 'exp',
  gradient: (y, g) => [mul(g, y)],
  onnx: ({ inputs }) => ({ opType: 'Exp', operands: inputs }),
};

/** e^x, elementwise. */
export function exp(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
