import { constant, type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { cast } from './cast.ts';
import { lessOrEqual } from './less-or-equal.ts';
import { mul } from './mul.ts';
import { sub } from './sub.ts';

const operator: Operator = {
  name: 'relu',
  gradient: ({ inputs: [x] }, g) => [mul(g, sub(constant(1), cast(lessOrEqual(x!, constant(0)), 'float32')))],
  onnx: ({ inputs }) => ({ opType: 'Relu', operands: inputs }),
};

/** max(x, 0), elementwise; the gradient at 0 is 0, as in torch. */
export function relu(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
