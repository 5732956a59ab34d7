import type { Operator, Tensor } from '../tensor.ts';
import { elementwise, sumTo } from './broadcast.ts';
import { negate } from './negate.ts';

const operator: Operator = {
  name: 'subtract',
  gradient: ({ inputs: [a, b] }, g, wanted) => [sumTo(g, a!.shape), wanted(1) ? negate(sumTo(g, b!.shape)) : undefined],
  onnx: ({ inputs }) => ({ opType: 'Sub', operands: inputs }),
};

/** a - b, element by element, broadcasting. */
export function subtract(a: Tensor, b: Tensor): Tensor {
  return elementwise(operator, a, b);
}
