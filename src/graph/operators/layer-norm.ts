import { axisOf, type Operation, type Operator, operation, refuse, requireFloat, type Tensor } from '../tensor.ts';
import { sumTo } from './expand-reduce-sum.ts';
import { mul } from './mul.ts';
import { reduceMean } from './reduce-mean.ts';
import { sub } from './sub.ts';

/**
 * The second and third output of the node, [..., 1]: mean, and 1 / sqrt(variance + epsilon), of
 * each row.
 */
const statistic = (name: 'mean' | 'inverse deviation', output: 1 | 2): Operator => ({
  name,
  onnx: ({ inputs: [of] }) => ({ of: of!, output }),
});
const meanOutput = statistic('mean', 1);
const inverseOutput = statistic('inverse deviation', 2);

const operator: Operator = {
  name: 'layerNorm',
  // With n = (x - mean) inverse and h = g scale: dx = inverse (h - mean(h) - n mean(h n)).
  gradient: (y, g, wanted) => {
    const [x, scale, bias] = y.inputs as [Tensor, Tensor, Tensor];
    const column = [...y.shape.slice(0, -1), 1];
    const mean = operation(meanOutput, [y], column);
    const inverse = operation(inverseOutput, [y], column);
    const normed = mul(sub(x, mean), inverse);
    const inner = () => {
      const h = mul(g, scale);
      return mul(inverse, sub(sub(h, reduceMean(h)), mul(normed, reduceMean(mul(h, normed)))));
    };
    return [
      wanted(0) ? inner() : undefined,
      wanted(1) ? sumTo(mul(g, normed), scale.shape) : undefined,
      wanted(2) ? sumTo(g, bias.shape) : undefined,
    ];
  },
  onnx: ({ inputs, attributes }) => ({
    opType: 'LayerNormalization',
    operands: inputs,
    attributes: { axis: -1, epsilon: { float: attributes.epsilon as number } },
    outputs: 3,
  }),
};

/**
 * (x - mean) / sqrt(variance + epsilon) * scale + bias over the last axis; scale and bias [D] (Ba
 * et al. 2016).
 */
export function layerNorm(x: Tensor, scale: Tensor, bias: Tensor, epsilon: number): Operation {
  requireFloat(operator.name, x, scale, bias);
  const D = x.shape[axisOf(operator.name, x, -1)];
  for (const vector of [scale, bias]) {
    if (vector.shape.length !== 1 || vector.shape[0] !== D) refuse(operator.name, [x, vector], 'sizes differ');
  }
  return operation(operator, [x, scale, bias], x.shape, { attributes: { epsilon } });
}
