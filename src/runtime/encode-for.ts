import { deviceClass } from '../device.ts';
import { keepNonFinite } from '../graph/keep-non-finite.ts';
import { type EncodeOptions, encodeOnnx } from '../graph/onnx/encode.ts';

/** Writes a graph as the ONNX model that a device needs, so that NaN and infinity are found there. */
export function encodeFor(device: string, options: EncodeOptions): Uint8Array {
  const outputs = deviceClass(device) === 'webgpu' ? keepNonFinite(options.outputs) : options.outputs;
  return encodeOnnx({ ...options, outputs });
}
