import { refuse, type Tensor, topologicalOrder } from './tensor.ts';

/**
 * The tensors with some of those that they depend on replaced by others. Nodes that do not depend
 * on a replaced tensor stay the same objects, so that old and new tensors share them in a graph.
 *
 * @throws GraphError when a replacement has another type or shape
 */
export function substitute(tensors: readonly Tensor[], replacements: ReadonlyMap<Tensor, Tensor>): readonly Tensor[] {
  for (const [old, next] of replacements) {
    if (old.type === next.type && String(old.shape) === String(next.shape)) continue;
    refuse('substitute', [old, next], 'one cannot replace the other');
  }
  const made = new Map(replacements);
  for (const tensor of topologicalOrder(tensors)) {
    if (tensor.kind !== 'operation' || made.has(tensor)) continue;
    const inputs = tensor.inputs.map(input => made.get(input) ?? input);
    if (inputs.some((input, i) => input !== tensor.inputs[i])) made.set(tensor, Object.freeze({ ...tensor, inputs }));
  }
  return tensors.map(tensor => made.get(tensor) ?? tensor);
}
