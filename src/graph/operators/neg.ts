import { type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';

const operator: Operator = {
  name: 'neg',
  gradient: (_node, g) => [neg(g)],
  onnx: ({ inputs }) => ({ opType: 'Neg', operands: inputs }),
};

/** -x, elementwise. */
export function neg(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
