import { constant, type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { div } from './div.ts';
import { mul } from './mul.ts';

const operator: Operator = {
  name: 'sqrt',
  gradient: (y, g) => [div(mul(g, constant(0.5)), y)],
  onnx: ({ inputs }) => ({ opType: 'Sqrt', operands: inputs }),
};

/** Square root, elementwise: dy/dx = 1 / (2y). */
export function sqrt(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
