import { type Operator, operation, refuse, type Tensor } from '../tensor.ts';

const operator: Operator = {
  name: 'transpose',
  gradient: ({ attributes }, g) => {
    const order = attributes.order as readonly number[];
    return [
      transpose(
        g,
        order.map((_, axis) => order.indexOf(axis)),
      ),
    ];
  },
  onnx: ({ inputs, attributes }) => ({
    opType: 'Transpose',
    operands: inputs,
    attributes: { perm: attributes.order as readonly number[] },
  }),
};

/** Axis i of the result is axis order[i] of x. */
export function transpose(x: Tensor, order: readonly number[]): Tensor {
  const isOrder = order.length === x.shape.length && x.shape.every((_, axis) => order.includes(axis));
  if (!isOrder) refuse(operator.name, [x], `[${order.join(', ')}] is no order of the axes`);
  return operation(
    operator,
    [x],
    order.map(axis => x.shape[axis]!),
    { attributes: { order } },
  );
}
