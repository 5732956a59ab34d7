import { type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { divide } from './divide.ts';

const operator: Operator = {
  name: 'logarithm',
  gradient: ({ inputs: [x] }, g) => [divide(g, x!)],
  onnx: ({ inputs }) => ({ opType: 'Log', operands: inputs }),
};

/** Natural logarithm, element by element. */
export function logarithm(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
