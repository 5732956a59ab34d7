import { type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import { sin } from './sin.ts';

const operator: Operator = {
  name: 'cos',
  gradient: ({ inputs: [x] }, g) => [neg(mul(g, sin(x!)))],
  onnx: ({ inputs }) => ({ opType: 'Cos', operands: inputs }),
};

/** Cosine of radians, element by element. */
export function cos(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
