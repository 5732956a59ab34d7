import { constant, type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { add } from './add.ts';
import { erf } from './erf.ts';
import { exp } from './exp.ts';
import { mul } from './mul.ts';
import { sigmoid } from './sigmoid.ts';
import { sub } from './sub.ts';

const CUBIC = 0.044715;
const SLOPE = 2 * Math.sqrt(2 / Math.PI);

/** dy/dx = Phi(x) + x phi(x) */
function exactSlope(x: Tensor): Tensor {
  const Phi = mul(add(erf(mul(x, constant(Math.SQRT1_2))), constant(1)), constant(0.5));
  const phi = mul(exp(mul(mul(x, x), constant(-0.5))), constant(1 / Math.sqrt(2 * Math.PI)));
  return add(Phi, mul(x, phi));
}

/**
 * With (1 + tanh(u)) / 2 = sigmoid(2 u) the approximation is x s, s = sigmoid(x p), p = SLOPE (1 +
 * CUBIC x^2); then dy/dx = s + x s (1 - s) (3 p - 2 SLOPE). This form has the fewest elementwise
 * operators, each of which is a pass over memory.
 */
function tanhSlope(x: Tensor, y: Tensor): Tensor {
  const p = add(mul(mul(x, x), constant(SLOPE * CUBIC)), constant(SLOPE));
  const s = sigmoid(mul(x, p));
  const inner = sub(mul(p, constant(3)), constant(2 * SLOPE));
  return add(s, mul(mul(y, sub(constant(1), s)), inner));
}

const operator: Operator = {
  name: 'gelu',
  gradient: (y, g) => [mul(g, y.attributes.tanh === 1 ? tanhSlope(y.inputs[0]!, y) : exactSlope(y.inputs[0]!))],
  onnx: ({ inputs, attributes }) => ({
    opType: 'Gelu',
    operands: inputs,
    attributes: { approximate: attributes.tanh === 1 ? 'tanh' : 'none' },
  }),
};

/**
 * x Phi(x) = x (1 + erf(x / sqrt 2)) / 2 (Hendrycks and Gimpel 2016), or with `tanh` the
 * approximation of GPT-2, x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
 */
export function gelu(x: Tensor, { tanh = false } = {}): Tensor {
  requireFloat(operator.name, x);
  return operation(operator, [x], x.shape, { attributes: { tanh: tanh ? 1 : 0 } });
}
