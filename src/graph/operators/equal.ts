import type { Operator, Tensor } from '../tensor.ts';
import { elementwise } from './broadcast.ts';

const operator: Operator = {
  name: 'equal',
  onnx: ({ inputs }) => ({ opType: 'Equal', operands: inputs }),
};

/** a = b, elementwise, broadcasting; bool. */
export function equal(a: Tensor, b: Tensor): Tensor {
  return elementwise(operator, a, b, 'bool');
}
