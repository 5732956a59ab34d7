import { constant, type Operator, operation, refuse, requireFloat, type Tensor } from '../tensor.ts';
import { expand } from './expand-reduce-sum.ts';
import { gatherElements, scatterElements } from './gather-scatter-elements.ts';
import { logSumExp } from './log-sum-exp.ts';
import { mul } from './mul.ts';
import { reshape } from './reshape.ts';
import { softmax } from './softmax.ts';
import { sub } from './sub.ts';

const operator: Operator = {
  name: 'crossEntropy',
  // dx = g (softmax(x) - onehot(target)), in fewer passes over [N, V] than the gradients of the
  // single steps take.
  gradient: ({ inputs: [, , probabilities, column] }, g) => {
    const minusOne = expand(constant(-1), column!.shape);
    return [undefined, mul(scatterElements(probabilities!, column!, minusOne, 1), reshape(g, column!.shape))];
  },
  onnx: ({ inputs: [losses] }) => ({ opType: 'Identity', operands: [losses!] }),
};

/**
 * log sum_j exp(x_j) - x_target of each row: x [N, V], targets int32 [N] -> [N], without overflow.
 */
export function crossEntropy(x: Tensor, targets: Tensor): Tensor {
  requireFloat(operator.name, x);
  const [N] = x.shape;
  if (x.shape.length !== 2 || targets.shape.length !== 1 || targets.shape[0] !== N) {
    refuse(operator.name, [x, targets], 'needs one row of logits per target');
  }
  const column = reshape(targets, [N!, 1]);
  const y = softmax(x);
  const losses = reshape(sub(logSumExp(x, y), gatherElements(x, column, 1)), [N!]);
  return operation(operator, [losses, x, y, column], [N!]);
}
