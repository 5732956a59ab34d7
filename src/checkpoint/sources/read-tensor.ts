import type { TensorLocation } from '../checkpoint.ts';
import { tensorValues } from '../tensor-values.ts';
import { withFileSource } from './file-source.ts';

/**
 * The values of a tensor as float32; reads only its bytes.
 *
 * @throws UserError when the file cannot be read or ends too early.
 */
export async function readTensor(location: TensorLocation): Promise<Float32Array> {
  return withFileSource(location.file, source => tensorValues(source, location));
}
