import { constant, type Operator, operation, refuse, type Tensor } from '../tensor.ts';
import { broadcastShape } from './broadcast.ts';
import { sumTo } from './expand-reduce-sum.ts';

const operator: Operator = {
  name: 'where',
  gradient: ({ inputs: [condition, a, b] }, g, wanted) => [
    undefined,
    wanted(1) ? sumTo(where(condition!, g, constant(0)), a!.shape) : undefined,
    wanted(2) ? sumTo(where(condition!, constant(0), g), b!.shape) : undefined,
  ],
  onnx: ({ inputs }) => ({ opType: 'Where', operands: inputs }),
};

/** a where the condition is true, else b; all three broadcast. */
export function where(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  if (condition.type !== 'bool') refuse(operator.name, [condition], 'the condition must be bool');
  if (a.type !== b.type) refuse(operator.name, [a, b], 'types differ');
  const operands = [condition, a, b];
  return operation(operator, operands, broadcastShape(operator.name, operands), { type: a.type });
}
