import { dimension, product } from '../dimension.ts';
import { type Operator, operation, refuse, type Shape, type Tensor } from '../tensor.ts';

const operator: Operator = {
  name: 'reshape',
  gradient: ({ inputs: [x] }, g) => [reshape(g, x!.shape)],
  onnx: ({ inputs, shape }) => ({
    opType: 'Reshape',
    operands: [...inputs, { kind: 'dimensions', values: onnxShape(shape) }],
  }),
};

/** A single named dimension is left to the engine (-1); several are computed. */
function onnxShape(shape: Shape): Shape {
  const named = shape.filter(size => typeof size === 'string').length;
  return named === 1 ? shape.map(size => (typeof size === 'string' ? -1 : size)) : shape;
}

/** The same elements, in row-major order, in another shape of equal size. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const to = shape.map(dimension);
  if (product(x.shape) !== product(to)) refuse(operator.name, [x], `does not fill [${to.join(', ')}]`);
  return operation(operator, [x], to);
}
