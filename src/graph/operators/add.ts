import type { Operator, Tensor } from '../tensor.ts';
import { elementwise } from './broadcast.ts';
import { sumTo } from './expand-reduce-sum.ts';

const operator: Operator = {
  name: 'add',
  gradient: ({ inputs: [a, b] }, g) => [sumTo(g, a!.shape), sumTo(g, b!.shape)],
  onnx: ({ inputs }) => ({ opType: 'Add', operands: inputs }),
};

/** a + b, elementwise, broadcasting. */
export function add(a: Tensor, b: Tensor): Tensor {
  return elementwise(operator, a, b);
}
