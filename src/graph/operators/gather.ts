import { product } from '../dimension.ts';
import { type Operator, operation, refuse, type Tensor } from '../tensor.ts';
import { expand, zeros } from './expand-reduce-sum.ts';
import { scatterElements } from './gather-scatter-elements.ts';
import { reshape } from './reshape.ts';

const operator: Operator = {
  name: 'gather',
  // The gradients of a row that is read several times add up.
  gradient: ({ inputs: [table, indices] }, g) => {
    const rows = product(indices!.shape);
    const [count, ...row] = table!.shape;
    const width = product(row);
    const everywhere = expand(reshape(indices!, [rows, 1]), [rows, width]);
    const summed = scatterElements(zeros([count!, width]), everywhere, reshape(g, [rows, width]), 0);
    return [reshape(summed, table!.shape), undefined];
  },
  onnx: ({ inputs }) => ({ opType: 'Gather', operands: inputs, attributes: { axis: 0 } }),
};

/** Rows of a table: table [N, ...], indices int32 [...] -> [..., ...]. */
export function gather(table: Tensor, indices: Tensor): Tensor {
  if (indices.type !== 'int32') refuse(operator.name, [table, indices], 'indices must be int32');
  if (table.shape.length === 0) refuse(operator.name, [table, indices], 'the table has no axis');
  return operation(operator, [table, indices], [...indices.shape, ...table.shape.slice(1)]);
}
