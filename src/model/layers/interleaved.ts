import * as g from '../../graph/operators/index.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { ProjectionSpec } from '../decoder.ts';
import { type Linear, linearTensors } from './linear.ts';

/**
 * The tensors of one projection whose rows are query, key and value of each head in turn; the query
 * rows never change.
 */
export function interleavedByHead(projection: Linear, headDim: number): readonly ProjectionSpec[] {
  const part = (row: number) => (['query', 'key', 'value'] as const)[Math.floor(row / headDim) % 3]!;
  return linearTensors(projection).map(tensor => ({ ...tensor, fused: { axis: 0, part } }));
}

/** Its result [N, 3 H dh] -> queries, keys and values, each [N, H dh]. */
export function splitByHead(
  fused: Tensor,
  heads: number,
  headDim: number,
): { readonly query: Tensor; readonly key: Tensor; readonly value: Tensor } {
  const rows = fused.shape[0]!;
  const parts = g.split(g.reshape(fused, [rows, heads, 3 * headDim]), 2, [headDim, headDim, headDim]);
  const [query, key, value] = parts.map(part => g.reshape(part, [rows, heads * headDim])) as [Tensor, Tensor, Tensor];
  return { query, key, value };
}
