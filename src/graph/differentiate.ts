import { add } from './operators/add.ts';
import { joinPadded } from './operators/concat-split-pad.ts';
import { constant, GraphError, type Tensor, topologicalOrder } from './tensor.ts';

/**
 * Gradients of a scalar loss with respect to tensors that it depends on, as further nodes of the
 * same graph (reverse-mode differentiation). Only paths between the parameters and the loss are
 * differentiated.
 *
 * @param loss float32, shape []
 * @param parameters any float32 tensors of the graph, usually inputs
 * @returns d loss / d parameter, each in the shape of its parameter
 * @throws GraphError when the loss is not a scalar, when it does not depend on a parameter, or when
 * an operator between them has no gradient
 */
export function differentiate(loss: Tensor, parameters: readonly Tensor[]): readonly Tensor[] {
  if (loss.type !== 'float32' || loss.shape.length !== 0) {
    throw new GraphError(
      `differentiate: the loss must be a float32 scalar, not ${loss.type} [${loss.shape.join(', ')}]`,
    );
  }
  const order = topologicalOrder([loss]);
  const onPath = new Set<Tensor>(parameters);
  for (const tensor of order) {
    if (tensor.kind === 'operation' && tensor.inputs.some(from => onPath.has(from))) onPath.add(tensor);
  }

  // One gradient per use of a tensor. In reverse order all uses of a tensor come before it.
  const gradients = new Map<Tensor, Tensor[]>([[loss, [constant(1)]]]);
  const total = (tensor: Tensor): Tensor | undefined => {
    const uses = gradients.get(tensor);
    return uses && (joinPadded(uses) ?? uses.reduce(add));
  };
  for (const tensor of [...order].reverse()) {
    if (tensor.kind !== 'operation' || !onPath.has(tensor)) continue;
    const outer = total(tensor);
    if (outer === undefined) continue;
    const wanted = (i: number) => onPath.has(tensor.inputs[i]!);
    if (!tensor.inputs.some(from => onPath.has(from))) continue;
    if (tensor.operator.gradient === undefined)
      throw new GraphError(`differentiate: ${tensor.operator.name} has no gradient`);
    const inner = tensor.operator.gradient(tensor, outer, wanted);
    tensor.inputs.forEach((from, i) => {
      const gradient = inner[i];
      if (gradient === undefined || !wanted(i)) return;
      gradients.set(from, [...(gradients.get(from) ?? []), gradient]);
    });
  }
  return parameters.map(parameter => {
    const gradient = total(parameter);
    if (gradient === undefined || !onPath.has(loss)) {
      const name = 'name' in parameter ? parameter.name : 'a parameter';
      throw new GraphError(`differentiate: the loss does not depend on ${name}`);
    }
    return gradient;
  });
}
