import { type Dimension, plus } from '../dimension.ts';
import { axisOf, type Operator, operation, refuse, type Tensor } from '../tensor.ts';
import { concatenate } from './concatenate.ts';
import { zeros } from './expand.ts';

const operator: Operator = {
  name: 'split',
  // The part's gradient stands between zeros.
  gradient: ({ attributes, shape }, g) => {
    const axis = attributes.axis as number;
    const [before, after] = attributes.around as readonly Dimension[];
    const around = (size: Dimension): readonly Tensor[] =>
      size === 0 ? [] : [zeros(shape.map((own, i) => (i === axis ? size : own)))];
    return [concatenate([...around(before!), g, ...around(after!)], axis)];
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

/** Cuts an axis into parts of the given sizes, which must add up to it; concatenate undoes it. */
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
