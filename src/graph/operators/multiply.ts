import type { Operator, Tensor } from '../tensor.ts';
import { elementwise, sumTo } from './broadcast.ts';

const operator: Operator = {
  name: 'multiply',
  gradient: ({ inputs: [a, b] }, g, wanted) => [
    wanted(0) ? sumTo(multiply(g, b!), a!.shape) : undefined,
    wanted(1) ? sumTo(multiply(g, a!), b!.shape) : undefined,
  ],
  onnx: ({ inputs }) => ({ opType: 'Mul', operands: inputs }),
};

/** a * b, element by element, broadcasting. */
export function multiply(a: Tensor, b: Tensor): Tensor {
  return elementwise(operator, a, b);
}
