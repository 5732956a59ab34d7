import * as g from '../../graph/operators/index.ts';
import { constant, type Tensor } from '../../graph/tensor.ts';

/** cap * tanh(x / cap): x near zero, never beyond the cap (Bello et al. 2016; Gemma 2). */
export function softCap(x: Tensor, cap: number): Tensor {
  return g.mul(g.tanh(g.div(x, constant(cap))), constant(cap));
}
