import { axisOf, type Operator, operation, refuse, type Tensor } from '../tensor.ts';
import { zeros } from './expand.ts';
import { scatterElements } from './scatter-elements.ts';

const operator: Operator = {
  name: 'gatherElements',
  gradient: ({ inputs: [x, indices], attributes }, g) => [
    scatterElements(zeros(x!.shape), indices!, g, attributes.axis as number),
    undefined,
  ],
  onnx: ({ inputs, attributes }) => ({
    opType: 'GatherElements',
    operands: inputs,
    attributes: { axis: attributes.axis as number },
  }),
};

/** One element of x for each index: along axis 1, y[i, j] = x[i, indices[i, j]]. All sizes but that of the axis are equal. */
export function gatherElements(x: Tensor, indices: Tensor, axis: number): Tensor {
  if (indices.type !== 'int32') refuse(operator.name, [x, indices], 'indices must be int32');
  const along = axisOf(operator.name, x, axis);
  const fits =
    x.shape.length === indices.shape.length && x.shape.every((size, i) => i === along || size === indices.shape[i]);
  if (!fits) refuse(operator.name, [x, indices], `shapes differ beside axis ${along}`);
  return operation(operator, [x, indices], indices.shape, { attributes: { axis: along } });
}
