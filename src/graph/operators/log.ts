import { type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { div } from './div.ts';

const operator: Operator = {
  name: 'log',
  gradient: ({ inputs: [x] }, g) => [div(g, x!)],
  onnx: ({ inputs }) => ({ opType: 'Log', operands: inputs }),
};

/** Natural log, elementwise. */
export function log(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
