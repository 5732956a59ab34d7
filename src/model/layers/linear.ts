import * as g from '../../graph/operators/index.ts';
import type { Tensor } from '../../graph/tensor.ts';

/** x W^T + b: x [N, in], weight [out, in] as checkpoints store it, bias [out]. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const product = g.gemm(x, weight, { transposeB: true });
  return bias === undefined ? product : g.add(product, bias);
}
