import { integers, refuse, type Tensor } from '../tensor.ts';
import { cast } from './cast.ts';
import { equal } from './equal.ts';
import { reshape } from './reshape.ts';

/** [N] int32 -> [N, classes] float32 with a one at each index. Composed, because OneHot has no WebGPU kernel. */
export function oneHot(indices: Tensor, classes: number): Tensor {
  if (indices.type !== 'int32' || indices.shape.length !== 1) refuse('oneHot', [indices], 'needs a list of int32');
  const column = reshape(indices, [indices.shape[0]!, 1]);
  return cast(equal(column, integers(Int32Array.from({ length: classes }, (_, i) => i))), 'float32');
}
