import type { Operator, Tensor } from '../tensor.ts';
import { elementwise } from './broadcast.ts';

const operator: Operator = {
  name: 'lessOrEqual',
  onnx: ({ inputs }) => ({ opType: 'LessOrEqual', operands: inputs }),
};

/** a <= b, elementwise, broadcasting; bool. */
export function lessOrEqual(a: Tensor, b: Tensor): Tensor {
  return elementwise(operator, a, b, 'bool');
}
