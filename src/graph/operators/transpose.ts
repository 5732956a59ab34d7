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

/** Axis i of the result is axis order[i] of x. Two transpositions in a row become one, or none. */
export function transpose(x: Tensor, order: readonly number[]): Tensor {
  const isOrder = order.length === x.shape.length && x.shape.every((_, axis) => order.includes(axis));
  if (!isOrder) refuse(operator.name, [x], `[${order.join(', ')}] is not a permutation of the axes`);
  const before = orderOf(x);
  if (before !== undefined) {
    return transpose(
      before.of,
      order.map(axis => before.order[axis]!),
    );
  }
  if (order.every((from, axis) => from === axis)) return x;
  return operation(
    operator,
    [x],
    order.map(axis => x.shape[axis]!),
    { attributes: { order } },
  );
}

/** Swaps the last two axes. */
export function transposeMatrices(x: Tensor): Tensor {
  return transpose(x, swap(x.shape.length));
}

/** Whether x is a transposition that swaps the last two axes. */
export function areTransposedMatrices(x: Tensor): boolean {
  return String(orderOf(x)?.order) === String(swap(x.shape.length));
}

function swap(rank: number): readonly number[] {
  return [...Array(rank - 2).keys(), rank - 1, rank - 2];
}

function orderOf(x: Tensor): { readonly of: Tensor; readonly order: readonly number[] } | undefined {
  if (x.kind !== 'operation' || x.operator !== operator) return undefined;
  return { of: x.inputs[0]!, order: x.attributes.order as readonly number[] };
}
