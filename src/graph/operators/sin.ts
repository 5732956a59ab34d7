import { type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { cos } from './cos.ts';
import { mul } from './mul.ts';

const operator: Operator = {
  name: 'sin',
  gradient: ({ inputs: [x] }, g) => [mul(g, cos(x!))],
  onnx: ({ inputs }) => ({ opType: 'Sin', operands: inputs }),
};

/** Sine of radians, element by element. */
export function sin(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
