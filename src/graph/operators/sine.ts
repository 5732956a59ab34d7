import { type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { cosine } from './cosine.ts';
import { multiply } from './multiply.ts';

const operator: Operator = {
  name: 'sine',
  gradient: ({ inputs: [x] }, g) => [multiply(g, cosine(x!))],
  onnx: ({ inputs }) => ({ opType: 'Sin', operands: inputs }),
};

/** Sine of radians, element by element. */
export function sine(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
