import { type Operator, requireFloat, type Tensor } from '../tensor.ts';
import { elementwise } from './broadcast.ts';
import { sumTo } from './expand-reduce-sum.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';

const operator: Operator = {
  name: 'div',
  // d(a/b) = da / b - (a/b) db / b
  gradient: (node, g, wanted) => {
    const [a, b] = node.inputs as [Tensor, Tensor];
    const overB = div(g, b);
    return [
      wanted(0) ? sumTo(overB, a.shape) : undefined,
      wanted(1) ? sumTo(neg(mul(overB, node)), b.shape) : undefined,
    ];
  },
  onnx: ({ inputs }) => ({ opType: 'Div', operands: inputs }),
};

/** a / b, elementwise, broadcasting; float32 only. */
export function div(a: Tensor, b: Tensor): Tensor {
  requireFloat(operator.name, a, b);
  return elementwise(operator, a, b);
}
