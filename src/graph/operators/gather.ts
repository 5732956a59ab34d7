import { product } from '../dimension.ts';
import { type Operator, operation, refuse, type Tensor } from '../tensor.ts';
import { gemm } from './gemm.ts';
import { oneHot } from './one-hot.ts';
import { reshape } from './reshape.ts';

const operator: Operator = {
  name: 'gather',
  // Rows that are read twice must be summed. A product with the one-hot matrix does so on every device: the scattered
  // addition of onnxruntime is a data race on several threads (microsoft/onnxruntime#18048).
  gradient: ({ inputs: [table, indices] }, g) => {
    const rows = product(indices!.shape);
    const [count, ...row] = table!.shape;
    const hot = oneHot(reshape(indices!, [rows]), count as number);
    const summed = gemm(hot, reshape(g, [rows, product(row)]), { transposeA: true });
    return [reshape(summed, table!.shape), undefined];
  },
  onnx: ({ inputs }) => ({ opType: 'Gather', operands: inputs, attributes: { axis: 0 } }),
};

/** Rows of a table: table [N, ...], indices int32 [...] -> [..., ...]. For a gradient of the table, N must be fixed. */
export function gather(table: Tensor, indices: Tensor): Tensor {
  if (indices.type !== 'int32') refuse(operator.name, [table, indices], 'indices must be int32');
  if (table.shape.length === 0) refuse(operator.name, [table, indices], 'the table has no axis');
  return operation(operator, [table, indices], [...indices.shape, ...table.shape.slice(1)]);
}
