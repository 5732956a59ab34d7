import * as g from '../../graph/operators/index.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Pass, TensorSpec } from '../decoder.ts';

/** An affine map of the checkpoint: `name`.weight and, where it has one, `name`.bias [out]. */
export interface Linear {
  readonly name: string;
  readonly in: number;
  readonly out: number;
  readonly bias: boolean;
  /** Stored [in, out], as GPT-2 does, in place of [out, in]. */
  readonly inputFirst?: boolean;
}

/** Makes the affine maps that stand below one name and are alike in bias and layout. */
export function linearsOf(
  parent: string,
  { bias, inputFirst = false }: { readonly bias: boolean; readonly inputFirst?: boolean },
): (name: string, from: number, to: number) => Linear {
  return (name, from, to) => ({ name: `${parent}.${name}`, in: from, out: to, bias, inputFirst });
}

/** The tensors of an affine map. */
export function linearTensors(linear: Linear): readonly TensorSpec[] {
  const shape = linear.inputFirst ? [linear.in, linear.out] : [linear.out, linear.in];
  const weight = { name: `${linear.name}.weight`, shape };
  return linear.bias ? [weight, { name: `${linear.name}.bias`, shape: [linear.out] }] : [weight];
}

/** x W^T + b: [N, in] -> [N, out] */
export function apply(pass: Pass, linear: Linear, x: Tensor): Tensor {
  const product = g.gemm(x, pass.tensor(`${linear.name}.weight`), { transposeB: !linear.inputFirst });
  return linear.bias ? g.add(product, pass.tensor(`${linear.name}.bias`)) : product;
}

/** Logits by a matrix [V, D] without bias, often the token embedding again: x W^T. */
export function unembed(pass: Pass, name: string, x: Tensor): Tensor {
  return g.gemm(x, pass.tensor(name), { transposeB: true });
}

/** Several affine maps of one input. */
export interface Maps {
  /** The linear maps that hold their tensors. */
  readonly linears: readonly Linear[];
  /** x [N, in] -> the result of each map. */
  readonly apply: (pass: Pass, x: Tensor) => readonly Tensor[];
}

/** Maps with a tensor each. */
export function apart(...linears: readonly Linear[]): Maps {
  return { linears, apply: (pass, x) => linears.map(linear => apply(pass, linear, x)) };
}

/** Maps whose rows are stacked in one tensor. @param widths rows of each */
export function fused(linear: Linear, widths: readonly number[]): Maps {
  return { linears: [linear], apply: (pass, x) => g.split(apply(pass, linear, x), 1, widths) };
}
