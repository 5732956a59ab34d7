import { type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { multiply } from './multiply.ts';
import { negate } from './negate.ts';
import { sine } from './sine.ts';

const operator: Operator = {
  name: 'cosine',
  gradient: ({ inputs: [x] }, g) => [negate(multiply(g, sine(x!)))],
  onnx: ({ inputs }) => ({ opType: 'Cos', operands: inputs }),
};

/** Cosine of radians, element by element. */
export function cosine(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
