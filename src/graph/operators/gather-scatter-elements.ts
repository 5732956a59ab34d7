/** @file Reading and adding single elements: each is the gradient of the other. */
import { axisOf, type Operator, operation, refuse, requireFloat, type Tensor } from '../tensor.ts';
import { zeros } from './expand-reduce-sum.ts';

const gatherOperator: Operator = {
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

/**
 * One element of x for each index: along axis 1, y[i, j] = x[i, indices[i, j]]. All sizes but that
 * of the axis are equal.
 */
export function gatherElements(x: Tensor, indices: Tensor, axis: number): Tensor {
  if (indices.type !== 'int32') refuse(gatherOperator.name, [x, indices], 'indices must be int32');
  const along = axisOf(gatherOperator.name, x, axis);
  const fits =
    x.shape.length === indices.shape.length && x.shape.every((size, i) => i === along || size === indices.shape[i]);
  if (!fits) refuse(gatherOperator.name, [x, indices], `shapes differ outside axis ${along}`);
  return operation(gatherOperator, [x, indices], indices.shape, { attributes: { axis: along } });
}

const scatterOperator: Operator = {
  name: 'scatterElements',
  gradient: ({ inputs: [, indices], attributes }, g) => [
    g,
    undefined,
    gatherElements(g, indices!, attributes.axis as number),
  ],
  // Unlike ScatterND, whose additions are a data race between threads
  // (microsoft/onnxruntime#18048), this one adds in order.
  onnx: ({ inputs, attributes }) => ({
    opType: 'ScatterElements',
    operands: inputs,
    attributes: { axis: attributes.axis as number, reduction: 'add' },
  }),
};

/**
 * x with updates added at the indices: along axis 0, y[indices[i, j], j] += updates[i, j]. Updates
 * with equal indices add up.
 */
export function scatterElements(x: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor {
  const { name } = scatterOperator;
  requireFloat(name, x, updates);
  if (indices.type !== 'int32') refuse(name, [x, indices], 'indices must be int32');
  if (String(indices.shape) !== String(updates.shape)) {
    refuse(name, [indices, updates], 'each update needs an index');
  }
  return operation(scatterOperator, [x, indices, updates], x.shape, { attributes: { axis: axisOf(name, x, axis) } });
}
