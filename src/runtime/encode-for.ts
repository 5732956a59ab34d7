import { deviceClass } from '../device.ts';
import { keepNonFinite } from '../graph/keep-non-finite.ts';
import { type EncodeOptions, encodeOnnx } from '../graph/onnx/encode.ts';
import { substitute } from '../graph/substitute.ts';
import { type Input, input, type Tensor, topologicalOrder } from '../graph/tensor.ts';

/**
 * Whether the weights of a graph are its inputs on a device, so that sessions share tensors there.
 * Else each session has a copy of its own.
 */
export function feedsWeights(device: string): boolean {
  return deviceClass(device) === 'webgpu';
}

/** The weights that tensors read, each as an input: float16 where a graph reads them so. */
export function weightInputs(outputs: Readonly<Record<string, Tensor>>): ReadonlyMap<Tensor, Input> {
  const inputs = new Map<Tensor, Input>();
  for (const tensor of topologicalOrder(Object.values(outputs))) {
    const [read] = tensor.kind === 'operation' && tensor.type === 'float16' ? tensor.inputs : [tensor];
    if (read?.kind !== 'weight') continue;
    // A matrix of half precision is read through its cast alone, which the input replaces.
    if (tensor.type === 'float16') inputs.delete(read);
    inputs.set(tensor, input(read.name, tensor.type, read.shape));
  }
  return inputs;
}

/**
 * Writes a graph as the ONNX model that a device needs. On WebGPU its weights are inputs, and NaN
 * and infinity pass through all functions.
 */
export function encodeFor(device: string, options: EncodeOptions): Uint8Array {
  if (!feedsWeights(device)) return encodeOnnx(options);
  const names = Object.keys(options.outputs);
  const tensors = substitute(Object.values(options.outputs), weightInputs(options.outputs));
  return encodeOnnx({ ...options, outputs: keepNonFinite(Object.fromEntries(names.map((n, i) => [n, tensors[i]!]))) });
}
