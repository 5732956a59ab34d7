/** @file Sine and cosine: each is the gradient of the other. */
import { type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';

const sinOperator: Operator = {
  name: 'sin',
  gradient: ({ inputs: [x] }, g) => [mul(g, cos(x!))],
  onnx: ({ inputs }) => ({ opType: 'Sin', operands: inputs }),
};

/** Sine of radians, elementwise. */
export function sin(x: Tensor): Tensor {
  requireFloat(sinOperator.name, x);
  return operation(sinOperator, [x], x.shape);
}

const cosOperator: Operator = {
  name: 'cos',
  gradient: ({ inputs: [x] }, g) => [neg(mul(g, sin(x!)))],
  onnx: ({ inputs }) => ({ opType: 'Cos', operands: inputs }),
};

/** Cosine of radians, elementwise. */
export function cos(x: Tensor): Tensor {
  requireFloat(cosOperator.name, x);
  return operation(cosOperator, [x], x.shape);
}
