import { axisOf, type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { cast } from './cast.ts';
import { div } from './div.ts';
import { equal } from './equal.ts';
import { reduceSum } from './expand-reduce-sum.ts';
import { mul } from './mul.ts';

const operator: Operator = {
  name: 'reduceMax',
  // Equal maxima share the gradient evenly, as in torch.amax.
  gradient: (y, g) => {
    const largest = cast(equal(y.inputs[0]!, y), 'float32');
    return [mul(div(g, reduceSum(largest, [-1], { keepAxes: true })), largest)];
  },
  onnx: ({ inputs }) => ({
    opType: 'ReduceMax',
    operands: [...inputs, { kind: 'dimensions', values: [-1] }],
    attributes: { keepdims: 1 },
  }),
};

/** Largest value along the last axis, which stays as 1. */
export function reduceMax(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  axisOf(operator.name, x, -1);
  return operation(operator, [x], [...x.shape.slice(0, -1), 1]);
}
