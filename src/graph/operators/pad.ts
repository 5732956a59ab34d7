import { type Dimension, plus } from '../dimension.ts';
import { axisOf, type Operation, type Operator, operation, requireFloat, type Tensor } from '../tensor.ts';
import { concat } from './concat.ts';
import { split } from './split.ts';

const operator: Operator = {
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

/** x between zeros: `before` of them along an axis, and `after`. */
export function pad(x: Tensor, axis: number, before: Dimension, after: Dimension): Tensor {
  requireFloat(operator.name, x);
  const along = axisOf(operator.name, x, axis);
  const size = plus(plus(before, x.shape[along]!), after);
  return operation(
    operator,
    [x],
    x.shape.map((old, i) => (i === along ? size : old)),
    { attributes: { axis: along, around: [before, after] } },
  );
}

/**
 * The sum of padded tensors whose parts lie side by side and fill the axis: the parts joined, without any addition. Undefined where
 * the tensors are not of that kind.
 */
export function joinPadded(tensors: readonly Tensor[]): Tensor | undefined {
  const padded = tensors.filter((x): x is Operation => x.kind === 'operation' && x.operator === operator);
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
