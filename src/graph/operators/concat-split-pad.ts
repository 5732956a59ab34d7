/**
 * @file Joining, cutting and padding along an axis: concat and split, split and pad are gradients
 * of each other.
 */
import { type Dimension, plus } from '../dimension.ts';
import {
  axisOf,
  GraphError,
  type Operation,
  type Operator,
  operation,
  refuse,
  requireFloat,
  type Shape,
  type Tensor,
} from '../tensor.ts';

const concatOperator: Operator = {
  name: 'concat',
  gradient: ({ inputs, attributes }, g) => {
    const axis = attributes.axis as number;
    const sizes = inputs.map(x => x.shape[axis]!);
    return split(g, axis, sizes);
  },
  onnx: ({ inputs, attributes }) => ({
    opType: 'Concat',
    operands: inputs,
    attributes: { axis: attributes.axis as number },
  }),
};

/** Joins tensors along an axis; all other sizes are equal. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const { name } = concatOperator;
  const first = tensors[0];
  if (first === undefined) throw new GraphError('concat: no tensors');
  const along = axisOf(name, first, axis);
  for (const other of tensors.slice(1)) {
    const fits =
      other.type === first.type &&
      other.shape.length === first.shape.length &&
      other.shape.every((size, i) => i === along || size === first.shape[i]);
    if (!fits) refuse(name, [first, other], `shapes differ outside axis ${along}`);
  }
  const size = tensors.map(tensor => tensor.shape[along]!).reduce(plus);
  return operation(concatOperator, tensors, withSize(first.shape, along, size), { attributes: { axis: along } });
}

const splitOperator: Operator = {
  name: 'split',
  // The gradient of a part, padded with zeros. `differentiate` joins those of all parts
  // (`joinPadded`).
  gradient: ({ attributes }, g) => {
    const [before, after] = attributes.around as readonly [Dimension, Dimension];
    return [pad(g, attributes.axis as number, before, after)];
  },
  onnx: ({ inputs, attributes, shape }) => {
    const axis = attributes.axis as number;
    const start = (attributes.around as readonly Dimension[])[0]!;
    const bounds = [start, plus(start, shape[axis]!), axis];
    return {
      opType: 'Slice',
      operands: [...inputs, ...bounds.map(value => ({ kind: 'dimensions', values: [value] }) as const)],
    };
  },
};

/**
 * Cuts an axis into parts of the given sizes, which add up to its size; `concat` is the inverse.
 */
export function split(x: Tensor, axis: number, sizes: readonly Dimension[]): readonly Tensor[] {
  const { name } = splitOperator;
  const along = axisOf(name, x, axis);
  if (sizes.reduce(plus, 0) !== x.shape[along]) refuse(name, [x], `axis ${along} is not ${sizes.join(' + ')}`);
  return sizes.map((size, part) => {
    const around = [sizes.slice(0, part).reduce(plus, 0), sizes.slice(part + 1).reduce(plus, 0)];
    return operation(splitOperator, [x], withSize(x.shape, along, size), { attributes: { axis: along, around } });
  });
}

const padOperator: Operator = {
  name: 'pad',
  gradient: ({ inputs: [x], attributes }, g) => {
    const axis = attributes.axis as number;
    const [before, after] = attributes.around as readonly [Dimension, Dimension];
    return [split(g, axis, [before, x!.shape[axis]!, after])[1]];
  },
  onnx: ({ inputs, attributes, shape }) => {
    const axis = attributes.axis as number;
    const around = attributes.around as readonly Dimension[];
    const pads = around.flatMap(size => shape.map((_, i) => (i === axis ? size : 0)));
    return { opType: 'Pad', operands: [...inputs, { kind: 'dimensions', values: pads }] };
  },
};

/** Adds `before` zeros in front of x along an axis, and `after` zeros behind it. */
export function pad(x: Tensor, axis: number, before: Dimension, after: Dimension): Tensor {
  requireFloat(padOperator.name, x);
  const along = axisOf(padOperator.name, x, axis);
  const size = plus(plus(before, x.shape[along]!), after);
  return operation(padOperator, [x], withSize(x.shape, along, size), {
    attributes: { axis: along, around: [before, after] },
  });
}

function withSize(shape: Shape, axis: number, size: Dimension): Shape {
  return shape.map((old, i) => (i === axis ? size : old));
}

/**
 * The sum of padded tensors whose parts lie side by side and fill the axis: the parts joined,
 * without an addition. Undefined for other tensors.
 */
export function joinPadded(tensors: readonly Tensor[]): Tensor | undefined {
  const padded = tensors.filter((x): x is Operation => x.kind === 'operation' && x.operator === padOperator);
  const axis = padded[0]?.attributes.axis as number | undefined;
  if (axis === undefined || padded.length !== tensors.length || padded.some(x => x.attributes.axis !== axis)) return;
  const parts: Tensor[] = [];
  let filled: Dimension = 0;
  while (parts.length < padded.length) {
    const next = padded.find(x => (x.attributes.around as readonly Dimension[])[0] === filled);
    if (next === undefined) return;
    parts.push(next.inputs[0]!);
    filled = plus(filled, next.inputs[0]!.shape[axis]!);
  }
  return filled === padded[0]!.shape[axis] ? concat(parts, axis) : undefined;
}
