export { differentiate } from './differentiate.ts';
export { type Bindings, type Dimension, sizeOf } from './dimension.ts';
export { type EncodeOptions, type ExternalData, encodeOnnx } from './onnx/encode.ts';
export * from './operators/index.ts';
export { substitute } from './substitute.ts';
export {
  constant,
  type ElementType,
  GraphError,
  input,
  integers,
  type Shape,
  type Tensor,
  topologicalOrder,
  weight,
} from './tensor.ts';
