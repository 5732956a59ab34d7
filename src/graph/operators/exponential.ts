import { type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { multiply } from './multiply.ts';

const operator: Operator = {
  name: 'exponential',
  gradient: (y, g) => [multiply(g, y)],
  onnx: ({ inputs }) => ({ opType: 'Exp', operands: inputs }),
};

/** e^x, element by element. */
export function exponential(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
