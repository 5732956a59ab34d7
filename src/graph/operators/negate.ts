import { type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';

const operator: Operator = {
  name: 'negate',
  gradient: (_node, g) => [negate(g)],
  onnx: ({ inputs }) => ({ opType: 'Neg', operands: inputs }),
};

/** -x, element by element. */
export function negate(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
