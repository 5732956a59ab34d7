import * as g from '../../graph/operators/index.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Pass } from '../decoder.ts';
import { apply, type Linear } from './linear.ts';

/** Several affine maps of one input. */
export interface Maps {
  /** Where their tensors lie. */
  readonly linears: readonly Linear[];
  /** x [N, in] -> the result of each map. */
  readonly apply: (pass: Pass, x: Tensor) => readonly Tensor[];
}

/** Maps with tensors of their own. */
export function apart(...linears: readonly Linear[]): Maps {
  return { linears, apply: (pass, x) => linears.map(linear => apply(pass, linear, x)) };
}

/** Maps whose rows stand below each other in one tensor. @param widths rows of each */
export function fused(linear: Linear, widths: readonly number[]): Maps {
  return { linears: [linear], apply: (pass, x) => g.split(apply(pass, linear, x), 1, widths) };
}
