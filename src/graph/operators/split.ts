import { type Dimension, plus } from '../dimension.ts';
import { axisOf, type Operator, operation, refuse, type Tensor } from '../tensor.ts';
import { pad } from './pad.ts';

const operator: Operator = {
  name: 'split',
  // The part's gradient stands between zeros; `differentiate` joins those of all parts.
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

/** Cuts an axis into parts of the given sizes, which must add up to it; concat undoes it. */
export function split(x: Tensor, axis: number, sizes: readonly Dimension[]): readonly Tensor[] {
  const along = axisOf(operator.name, x, axis);
  if (sizes.reduce(plus, 0) !== x.shape[along]) refuse(operator.name, [x], `axis ${along} is not ${sizes.join(' + ')}`);
  return sizes.map((size, part) => {
    const around = [sizes.slice(0, part).reduce(plus, 0), sizes.slice(part + 1).reduce(plus, 0)];
    return operation(
      operator,
      [x],
      x.shape.map((old, i) => (i === along ? size : old)),
      { attributes: { axis: along, around } },
    );
  });
}
