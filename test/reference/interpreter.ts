/**
 * @file The plain, slow, obviously right reference for every generated graph: evaluates it node by
 * node in float64, one element at a time. The engine and every gradient are tested against it.
 */
import type { Bindings, Shape, Tensor } from '../../src/graph/index.ts';
import { sizeOf, topologicalOrder } from '../../src/graph/index.ts';
import type { Operation } from '../../src/graph/tensor.ts';

export interface Value {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Values of inputs and weights by name. */
export type Feeds = Readonly<Record<string, Value>>;

export function value(shape: readonly number[], data: ArrayLike<number>): Value {
  return { shape, data: Float64Array.from(data) };
}

/** Evaluates tensors of a graph. Sizes of named dimensions are read off the feeds. */
export function interpret(outputs: readonly Tensor[], feeds: Feeds): readonly Value[] {
  const order = topologicalOrder(outputs);
  const bindings: Record<string, number> = {};
  for (const tensor of order) {
    if (tensor.kind !== 'input') continue;
    const fed = fedValue(feeds, tensor.name);
    tensor.shape.forEach((size, axis) => {
      if (typeof size === 'string') bindings[size] = fed.shape[axis]!;
    });
  }
  const values = new Map<Tensor, Value>();
  for (const tensor of order) {
    const shape = sizesOf(tensor.shape, bindings);
    const result =
      tensor.kind === 'constant'
        ? value(shape, tensor.data)
        : tensor.kind === 'operation'
          ? evaluate(
              tensor,
              tensor.inputs.map(from => values.get(from)!),
              shape,
              bindings,
              from => values.get(from)!,
            )
          : fedValue(feeds, tensor.name);
    if (String(result.shape) !== String(shape))
      throw new Error(`${nameOf(tensor)}: computed [${result.shape}], declared [${shape}]`);
    values.set(tensor, result);
  }
  return outputs.map(output => values.get(output)!);
}

function fedValue(feeds: Feeds, name: string): Value {
  const fed = feeds[name];
  if (fed === undefined) throw new Error(`${name} is not fed`);
  return fed;
}

const nameOf = (tensor: Tensor): string =>
  tensor.kind === 'operation' ? tensor.operator.name : 'name' in tensor ? tensor.name : 'constant';
const sizesOf = (shape: Shape, bindings: Bindings) => shape.map(size => sizeOf(size, bindings));
const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Calls `visit` with every index of a shape, in row-major order. */
function eachIndex(shape: readonly number[], visit: (index: readonly number[], position: number) => void): void {
  const index = shape.map(() => 0);
  for (let position = 0; position < count(shape); position++) {
    let rest = position;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    visit(index, position);
  }
}

/** The element of x at an index of a shape that x broadcasts to. */
function at(x: Value, index: readonly number[]): number {
  let position = 0;
  const lead = index.length - x.shape.length;
  x.shape.forEach((size, axis) => {
    position = position * size + (size === 1 ? 0 : index[axis + lead]!);
  });
  return x.data[position]!;
}

function build(shape: readonly number[], element: (index: readonly number[]) => number): Value {
  const data = new Float64Array(count(shape));
  eachIndex(shape, (index, position) => {
    data[position] = element(index);
  });
  return { shape, data };
}

/** For each index with the last axis left out: the values along that axis. */
function lastAxis(x: Value, index: readonly number[]): readonly number[] {
  return Array.from({ length: x.shape.at(-1)! }, (_, i) => at(x, [...index.slice(0, -1), i]));
}

const unary: Readonly<Record<string, (x: number) => number>> = {
  neg: x => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  sigmoid: x => 1 / (1 + Math.exp(-x)),
  cos: Math.cos,
  sin: Math.sin,
  tanh: Math.tanh,
  erf,
  relu: x => Math.max(x, 0),
};

const binary: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  equal: (a, b) => (a === b ? 1 : 0),
  lessOrEqual: (a, b) => (a <= b ? 1 : 0),
};

function rowStatistics(row: readonly number[], epsilon: number): { readonly mean: number; readonly inverse: number } {
  const mean = row.reduce((sum, x) => sum + x, 0) / row.length;
  const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / row.length;
  return { mean, inverse: 1 / Math.sqrt(variance + epsilon) };
}

function evaluate(
  node: Operation,
  operands: readonly Value[],
  shape: readonly number[],
  bindings: Bindings,
  known: (tensor: Tensor) => Value,
): Value {
  const { operator, attributes } = node;
  const [a, b, c] = operands as [Value, Value, Value];
  if (operator.name in unary) return build(shape, index => unary[operator.name]!(at(a, index)));
  if (operator.name in binary) return build(shape, index => binary[operator.name]!(at(a, index), at(b, index)));
  switch (operator.name) {
    case 'cast':
      return { shape, data: a.data };
    case 'reshape':
      return { shape, data: a.data };
    case 'expand':
      return build(shape, index => at(a, index));
    case 'where':
      return build(shape, index => (at(a, index) !== 0 ? at(b, index) : at(c, index)));
    case 'transpose': {
      const order = attributes.order as readonly number[];
      return build(shape, index =>
        at(
          a,
          a.shape.map((_, axis) => index[order.indexOf(axis)]!),
        ),
      );
    }
    case 'gather': {
      const tail = a.shape.length - 1;
      return build(shape, index => {
        const lead = index.slice(0, index.length - tail);
        return at(a, [at(b, lead), ...index.slice(index.length - tail)]);
      });
    }
    case 'gatherElements': {
      const axis = attributes.axis as number;
      return build(shape, index =>
        at(
          a,
          index.map((i, n) => (n === axis ? at(b, index) : i)),
        ),
      );
    }
    case 'scatterElements': {
      const axis = attributes.axis as number;
      const sums = Float64Array.from(a.data);
      eachIndex(c.shape, (index, update) => {
        let position = 0;
        a.shape.forEach((size, n) => {
          position = position * size + (n === axis ? b.data[update]! : index[n]!);
        });
        sums[position]! += c.data[update]!;
      });
      return { shape, data: sums };
    }
    case 'gelu':
      return build(shape, index => {
        const x = at(a, index);
        return attributes.tanh === 1
          ? 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
          : 0.5 * x * (1 + erf(x / Math.SQRT2));
      });
    case 'layerNorm':
      return build(shape, index => {
        const { mean, inverse } = rowStatistics(lastAxis(a, index), attributes.epsilon as number);
        return (at(a, index) - mean) * inverse * at(b, index) + at(c, index);
      });
    case 'mean':
    case 'inverse deviation': {
      // Further outputs of a layer normalization: they are read off what that read.
      const { epsilon } = (node.inputs[0] as Operation).attributes;
      const x = known((node.inputs[0] as Operation).inputs[0]!);
      return build(shape, index => {
        const { mean, inverse } = rowStatistics(lastAxis(x, index), epsilon as number);
        return operator.name === 'mean' ? mean : inverse;
      });
    }
    case 'crossEntropy':
      return { shape, data: a.data };
    case 'gemm': {
      const k = attributes.transposeA === 1 ? a.shape[0]! : a.shape[1]!;
      return build(shape, ([m, n]) => {
        let sum = 0;
        for (let i = 0; i < k; i++) {
          sum +=
            at(a, attributes.transposeA === 1 ? [i, m!] : [m!, i]) *
            at(b, attributes.transposeB === 1 ? [n!, i] : [i, n!]);
        }
        return c === undefined ? sum : sum + at(c, [m!, n!]);
      });
    }
    case 'matmul':
      return build(shape, index => {
        const lead = index.slice(0, -2);
        const [m, n] = index.slice(-2) as [number, number];
        let sum = 0;
        for (let i = 0; i < a.shape.at(-1)!; i++) sum += at(a, [...lead, m, i]) * at(b, [...lead, i, n]);
        return sum;
      });
    case 'softmax':
      return build(shape, index => {
        const row = lastAxis(a, index);
        const largest = Math.max(...row);
        return Math.exp(at(a, index) - largest) / row.reduce((sum, x) => sum + Math.exp(x - largest), 0);
      });
    case 'reduceMax':
      return build(shape, index => Math.max(...lastAxis(a, index)));
    case 'reduceMean':
      return build(shape, index => lastAxis(a, index).reduce((x, y) => x + y, 0) / a.shape.at(-1)!);
    case 'reduceSum': {
      const axes = attributes.axes as readonly number[];
      const kept = a.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
      const sums = new Float64Array(count(kept));
      eachIndex(a.shape, index => {
        let position = 0;
        kept.forEach((size, axis) => {
          position = position * size + (axes.includes(axis) ? 0 : index[axis]!);
        });
        sums[position]! += at(a, index);
      });
      return { shape, data: sums };
    }
    case 'concat': {
      const axis = attributes.axis as number;
      return build(shape, index => {
        let start = 0;
        for (const part of operands) {
          const inside = index[axis]! - start;
          if (inside < part.shape[axis]!)
            return at(
              part,
              index.map((i, n) => (n === axis ? inside : i)),
            );
          start += part.shape[axis]!;
        }
        throw new Error('concat: index past the end');
      });
    }
    case 'pad': {
      const axis = attributes.axis as number;
      const before = sizeOf((attributes.around as readonly (number | string)[])[0]!, bindings);
      return build(shape, index => {
        const inside = index[axis]! - before;
        if (inside < 0 || inside >= a.shape[axis]!) return 0;
        return at(
          a,
          index.map((i, n) => (n === axis ? inside : i)),
        );
      });
    }
    case 'split': {
      const axis = attributes.axis as number;
      const start = sizeOf((attributes.around as readonly (number | string)[])[0]!, bindings);
      // `at` would take an axis of size 1 for one that stretches, so the axis is never 1 here
      // unless start is 0.
      return build(shape, index =>
        at(
          a,
          index.map((i, n) => (n === axis ? i + start : i)),
        ),
      );
    }
    default:
      throw new Error(`the reference does not know operator ${operator.name}`);
  }
}

/** Taylor series: accurate to float64 for the few units that tests use. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
