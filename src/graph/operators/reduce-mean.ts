import { axisOf, constant, GraphError, type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { expand } from './expand-reduce-sum.ts';
import { mul } from './mul.ts';

const operator: Operator = {
  name: 'reduceMean',
  gradient: ({ inputs: [x] }, g) => [expand(mul(g, constant(1 / (x!.shape.at(-1) as number))), x!.shape)],
  onnx: ({ inputs }) => ({
    opType: 'ReduceMean',
    operands: [...inputs, { kind: 'dimensions', values: [-1] }],
    attributes: { keepdims: 1 },
  }),
};

/** Mean over the last axis, which must have a fixed size and stays as 1. */
export function reduceMean(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  const last = axisOf(operator.name, x, -1);
  if (typeof x.shape[last] !== 'number')
    throw new GraphError(`reduceMean: the last axis of [${x.shape.join(', ')}] has no fixed size`);
  return operation(operator, [x], [...x.shape.slice(0, -1), 1]);
}
