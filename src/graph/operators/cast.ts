import { type ElementType, type Operator, operation, type Tensor } from '../tensor.ts';

/** Values of TensorProto.DataType. */
export const onnxType: Readonly<Record<ElementType, number>> = { float32: 1, int32: 6, bool: 9, float16: 10 };

const operator: Operator = {
  name: 'cast',
  onnx: ({ inputs, type }) => ({ opType: 'Cast', operands: inputs, attributes: { to: onnxType[type] } }),
};

/** The values as another element type; true is 1. Has no gradient. */
export function cast(x: Tensor, type: ElementType): Tensor {
  return x.type === type ? x : operation(operator, [x], x.shape, { type });
}
