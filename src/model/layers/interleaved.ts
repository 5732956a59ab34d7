import * as g from '../../graph/operators/index.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { KeyValueSpec } from '../decoder.ts';
import { type Linear, linearTensors } from './linear.ts';

/** The tensors of one projection whose rows are, head by head, its query, key and value; the query rows never change. */
export function interleavedByHead(projection: Linear, headWidth: number): readonly KeyValueSpec[] {
  const index = (row: number) => row % (3 * headWidth) >= headWidth;
  return linearTensors(projection).map(tensor => ({ ...tensor, changed: { axis: 0, index } }));
}

/** Its result [N, 3 H dh] -> queries, keys and values, each [N, H dh]. */
export function splitByHead(
  fused: Tensor,
  heads: number,
  headWidth: number,
): { readonly query: Tensor; readonly key: Tensor; readonly value: Tensor } {
  const rows = fused.shape[0]!;
  const parts = g.split(g.reshape(fused, [rows, heads, 3 * headWidth]), 2, [headWidth, headWidth, headWidth]);
  const [query, key, value] = parts.map(part => g.reshape(part, [rows, heads * headWidth])) as [Tensor, Tensor, Tensor];
  return { query, key, value };
}
