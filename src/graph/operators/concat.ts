import { plus } from '../dimension.ts';
import { axisOf, GraphError, type Operator, operation, refuse, type Tensor } from '../tensor.ts';
import { split } from './split.ts';

const operator: Operator = {
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

/** The tensors one after the other along an axis; all other sizes equal. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const first = tensors[0];
  if (first === undefined) throw new GraphError('concat: no tensors');
  const along = axisOf(operator.name, first, axis);
  for (const other of tensors.slice(1)) {
    const fits =
      other.type === first.type &&
      other.shape.length === first.shape.length &&
      other.shape.every((size, i) => i === along || size === first.shape[i]);
    if (!fits) refuse(operator.name, [first, other], `shapes differ beside axis ${along}`);
  }
  const size = tensors.map(tensor => tensor.shape[along]!).reduce(plus);
  return operation(
    operator,
    tensors,
    first.shape.map((old, i) => (i === along ? size : old)),
    { attributes: { axis: along } },
  );
}
