import type { Operator, Tensor } from '../tensor.ts';
import { elementwise } from './broadcast.ts';
import { sumTo } from './expand-reduce-sum.ts';
import { neg } from './neg.ts';

const operator: Operator = {
  name: 'sub',
  gradient: ({ inputs: [a, b] }, g, wanted) => [sumTo(g, a!.shape), wanted(1) ? neg(sumTo(g, b!.shape)) : undefined],
  onnx: ({ inputs }) => ({ opType: 'Sub', operands: inputs }),
};

/** a - b, elementwise, broadcasting. */
export function sub(a: Tensor, b: Tensor): Tensor {
  return elementwise(operator, a, b);
}
