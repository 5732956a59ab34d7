import { refuse, type Tensor, topologicalOrder } from './tensor.ts';

/**
 * The tensors as they are when others stand in for some that they reach. What does not depend on a replaced tensor stays the very
 * same node, so that old and new share it in a graph.
 *
 * @throws GraphError when a replacement has another type or shape
 */
export function substitute(tensors: readonly Tensor[], replacements: ReadonlyMap<Tensor, Tensor>): readonly Tensor[] {
  for (const [old, next] of replacements) {
    if (old.type === next.type && String(old.shape) === String(next.shape)) continue;
    refuse('substitute', [old, next], 'one cannot stand in for the other');
  }
  const made = new Map(replacements);
  for (const tensor of topologicalOrder(tensors)) {
    if (tensor.kind !== 'operation' || made.has(tensor)) continue;
    const inputs = tensor.inputs.map(input => made.get(input) ?? input);
    if (inputs.some((input, i) => input !== tensor.inputs[i])) made.set(tensor, Object.freeze({ ...tensor, inputs }));
  }
  return tensors.map(tensor => made.get(tensor) ?? tensor);
}
