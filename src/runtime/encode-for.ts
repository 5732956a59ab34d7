import { deviceClass } from '../device.ts';
import { keepNonFinite } from '../graph/keep-non-finite.ts';
import { type EncodeOptions, encodeOnnx } from '../graph/onnx/encode.ts';
import { substitute } from '../graph/substitute.ts';
import { input, type Tensor, topologicalOrder, type Weight } from '../graph/tensor.ts';

/**
 * Whether the weights of a graph are its inputs on a device, so that sessions share tensors there.
 * Else each session has a copy of its own.
 */
export function feedsWeights(device: string): boolean {
  return deviceClass(device) === 'webgpu';
}

/** The weights that tensors depend on. */
export function weightsOf(outputs: Readonly<Record<string, Tensor>>): readonly Weight[] {
  return topologicalOrder(Object.values(outputs)).filter(tensor => tensor.kind === 'weight');
}

/**
 * Writes a graph as the ONNX model that a device needs. On WebGPU its weights are inputs, and NaN
 * and infinity pass through all functions.
 */
export function encodeFor(device: string, options: EncodeOptions): Uint8Array {
  if (deviceClass(device) !== 'webgpu') return encodeOnnx(options);
  const names = Object.keys(options.outputs);
  const fed = new Map<Tensor, Tensor>(
    weightsOf(options.outputs).map(weight => [weight, input(weight.name, 'float32', weight.shape)]),
  );
  const tensors = substitute(Object.values(options.outputs), fed);
  return encodeOnnx({ ...options, outputs: keepNonFinite(Object.fromEntries(names.map((n, i) => [n, tensors[i]!]))) });
}
