import { axisOf, type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { reduceSum } from './expand-reduce-sum.ts';
import { mul } from './mul.ts';
import { sub } from './sub.ts';

const operator: Operator = {
  name: 'softmax',
  // dx = y (g - sum(g y))
  gradient: (y, g) => [mul(y, sub(g, reduceSum(mul(g, y), [-1], { keepAxes: true })))],
  onnx: ({ inputs }) => ({ opType: 'Softmax', operands: inputs, attributes: { axis: -1 } }),
};

/** exp(x_i) / sum_j exp(x_j) along the last axis. */
export function softmax(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  axisOf(operator.name, x, -1);
  return operation(operator, [x], x.shape);
}
