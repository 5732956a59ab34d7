import { constant, type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { exp } from './exp.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';

const operator: Operator = {
  name: 'erf',
  gradient: ({ inputs: [x] }, g) => [mul(g, mul(constant(2 / Math.sqrt(Math.PI)), exp(neg(mul(x!, x!)))))],
  onnx: ({ inputs }) => ({ opType: 'Erf', operands: inputs }),
};

/** 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x, elementwise. */
export function erf(x: Tensor): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape);
}
