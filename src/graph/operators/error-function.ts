import { constant, type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { exponential } from './exponential.ts';
import { multiply } from './multiply.ts';
import { negate } from './negate.ts';

const operator: Operator = {
  name: 'errorFunction',
  gradient: ({ inputs: [x] }, g) => [
    multiply(g, multiply(constant(2 / Math.sqrt(Math.PI)), exponential(negate(multiply(x!, x!))))),
  ],
  onnx: ({ inputs }) => ({ opType: 'Erf', operands: inputs }),
};

/** 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x, element by element. */
export function errorFunction(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
