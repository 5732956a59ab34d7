import { cast } from './operators/cast.ts';
import { type Operation, type Tensor, topologicalOrder } from './tensor.ts';

const PRODUCTS: ReadonlySet<string> = new Set(['gemm', 'matmul']);

/** How numbers become half precision and float32 again. */
export interface Rounding {
  readonly narrow: (tensor: Tensor) => Tensor;
  readonly widen: (tensor: Tensor) => Tensor;
}

const casts: Rounding = {
  narrow: tensor => cast(tensor, 'float16'),
  widen: tensor => cast(tensor, 'float32'),
};

const isTable = (tensor: Tensor) => tensor.kind === 'weight' && tensor.shape.length > 1;

/**
 * The same outputs with the matrices of weights and the products of the forward pass in half
 * precision: operands are rounded to float16, products are float16 and widened to float32.
 * Everything between, softmax and norms too, stays float32, and so do the products of gradients,
 * whose numbers are often below the smallest of float16.
 *
 * @param isBackward whether an output is a gradient; what only these depend on stays float32
 */
export function halfProducts(
  outputs: Readonly<Record<string, Tensor>>,
  isBackward: (output: string) => boolean,
  { narrow, widen }: Rounding = casts,
): Readonly<Record<string, Tensor>> {
  const entries = Object.entries(outputs);
  const forward = new Set(topologicalOrder(entries.flatMap(([name, tensor]) => (isBackward(name) ? [] : [tensor]))));
  const made = new Map<Tensor, Tensor>();
  const narrowed = new Map<Tensor, Tensor>();
  const half = (tensor: Tensor): Tensor => {
    const known = narrowed.get(tensor) ?? narrow(tensor);
    narrowed.set(tensor, known);
    return known;
  };
  for (const tensor of topologicalOrder(entries.map(([, output]) => output))) {
    if (tensor.kind === 'weight' && isTable(tensor)) made.set(tensor, widen(half(tensor)));
    if (tensor.kind !== 'operation') continue;
    const { operator } = tensor;
    if (PRODUCTS.has(operator.name) && forward.has(tensor)) {
      const operands = tensor.inputs.map(input => half(isTable(input) ? input : (made.get(input) ?? input)));
      const product: Operation = Object.freeze({ ...tensor, inputs: operands, type: operands[0]!.type });
      made.set(tensor, widen(product));
    } else if (operator.name === 'gather' && isTable(tensor.inputs[0]!)) {
      // Only the rows that are read are widened.
      const table = half(tensor.inputs[0]!);
      const indices = made.get(tensor.inputs[1]!) ?? tensor.inputs[1]!;
      made.set(tensor, widen(Object.freeze({ ...tensor, inputs: [table, indices], type: table.type })));
    } else {
      made.set(tensor, Object.freeze({ ...tensor, inputs: tensor.inputs.map(input => made.get(input) ?? input) }));
    }
  }
  return Object.fromEntries(entries.map(([name, tensor]) => [name, made.get(tensor) ?? tensor]));
}
