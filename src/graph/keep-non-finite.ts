import { add } from './operators/add.ts';
import { reduceSum } from './operators/expand-reduce-sum.ts';
import { mul } from './operators/mul.ts';
import { constant, type Operation, type Tensor, topologicalOrder } from './tensor.ts';

/**
 * Operators that are more than sums and products. WGSL may assume that their operands are finite:
 * a softmax or relu of NaN then is 0, a log of NaN some number.
 */
const FORGETFUL: ReadonlySet<string> = new Set([
  'erf',
  'exp',
  'gelu',
  'log',
  'relu',
  'sigmoid',
  'softmax',
  'sqrt',
  'tanh',
]);

/**
 * The same outputs by a graph in which NaN and infinity stay NaN or infinity, whatever the device
 * makes of them in functions:
 *
 *     f(x) becomes f(x) + 0 * sum x,   the sum along the last axis,
 *
 * which is f(x) where x is finite, and NaN elsewhere.
 */
export function keepNonFinite(outputs: Readonly<Record<string, Tensor>>): Readonly<Record<string, Tensor>> {
  const made = new Map<Tensor, Tensor>();
  const now = (tensor: Tensor) => made.get(tensor) ?? tensor;
  for (const tensor of topologicalOrder(Object.values(outputs))) {
    if (tensor.kind !== 'operation') continue;
    const inputs = tensor.inputs.map(now);
    const same = inputs.every((input, i) => input === tensor.inputs[i]);
    const operation: Operation = same ? tensor : Object.freeze({ ...tensor, inputs });
    made.set(tensor, FORGETFUL.has(tensor.operator.name) ? remembering(operation) : operation);
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, now(tensor)]));
}

function remembering(result: Operation): Tensor {
  const x = result.inputs[0]!;
  const sum = x.shape.length === 0 ? x : reduceSum(x, [-1], { keepAxes: true });
  return add(result, mul(sum, constant(0)));
}
