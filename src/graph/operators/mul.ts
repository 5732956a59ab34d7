import type { Operator, Tensor } from '../tensor.ts';
import { elementwise } from './broadcast.ts';
import { sumTo } from './expand-reduce-sum.ts';

const operator: Operator = {
  name: 'mul',
  gradient: ({ inputs: [a, b] }, g, wanted) => [
    wanted(0) ? sumTo(mul(g, b!), a!.shape) : undefined,
    wanted(1) ? sumTo(mul(g, a!), b!.shape) : undefined,
  ],
  onnx: ({ inputs }) => ({ opType: 'Mul', operands: inputs }),
};

/** a * b, elementwise, broadcasting. */
export function mul(a: Tensor, b: Tensor): Tensor {
  return elementwise(operator, a, b);
}
