import { axisOf, type Operator, operation, refuse, requireFloat, type Tensor } from '../tensor.ts';
import { gatherElements } from './gather-elements.ts';

const operator: Operator = {
  name: 'scatterElements',
  gradient: ({ inputs: [, indices], attributes }, g) => [
    g,
    undefined,
    gatherElements(g, indices!, attributes.axis as number),
  ],
  // Unlike ScatterND, whose additions are a data race on several threads (microsoft/onnxruntime#18048), this one adds in order.
  onnx: ({ inputs, attributes }) => ({
    opType: 'ScatterElements',
    operands: inputs,
    attributes: { axis: attributes.axis as number, reduction: 'add' },
  }),
};

/**
 * x with updates added to the elements that the indices name: along axis 0, y[indices[i, j], j] += updates[i, j]. What is
 * named twice is added twice.
 */
export function scatterElements(x: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor {
  requireFloat(operator.name, x, updates);
  if (indices.type !== 'int32') refuse(operator.name, [x, indices], 'indices must be int32');
  if (String(indices.shape) !== String(updates.shape)) {
    refuse(operator.name, [indices, updates], 'each update needs an index');
  }
  return operation(operator, [x, indices, updates], x.shape, { attributes: { axis: axisOf(operator.name, x, axis) } });
}
