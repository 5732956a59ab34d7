/**
 * @file Symbolic tensors: small frozen nodes, made by pure functions. A graph is the set of tensors
 * that its outputs depend on. Letters in all shape comments: B batch, T tokens of a query, P tokens
 * of the prefix, L layers, H heads, D hidden size, V vocabulary.
 */
import { type Dimension, dimension, product } from './dimension.ts';

export type ElementType = 'float32' | 'float16' | 'int32' | 'bool';
export type Shape = readonly Dimension[];

/** A tensor fed at every run. */
export interface Input {
  readonly kind: 'input';
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
  /** Present where the values follow from those of another input. */
  readonly derived?: Derived;
}

/** How the values of a float32 input [N, ..] follow from an int32 input [N]. */
export interface Derived {
  /** The name of the other input. */
  readonly from: string;
  readonly rows: (values: Int32Array) => Float32Array;
}

/** A tensor of the checkpoint that never changes. The encoder is given where its bytes are. */
export interface Weight {
  readonly kind: 'weight';
  readonly name: string;
  readonly type: 'float32';
  readonly shape: Shape;
}

/** A small tensor that is part of the graph. */
export interface Constant {
  readonly kind: 'constant';
  readonly type: 'float32' | 'int32';
  readonly shape: readonly number[];
  /**
   * float32 tensors are held in float64: the encoder rounds them, the reference interpreter does
   * not.
   */
  readonly data: Float64Array | Int32Array;
}

/** The result of an operator. */
export interface Operation {
  readonly kind: 'operation';
  readonly operator: Operator;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly type: ElementType;
  readonly shape: Shape;
}

export type Tensor = Input | Weight | Constant | Operation;
export type Attributes = Readonly<Record<string, number | string | readonly number[] | readonly Dimension[]>>;

/**
 * An operand of an ONNX node that is not a tensor of the graph: whole numbers and named dimensions.
 */
export interface DimensionList {
  readonly kind: 'dimensions';
  readonly values: readonly Dimension[];
}

/** Plain numbers are integers. */
export type OnnxAttribute = number | { readonly float: number } | string | readonly number[];

/** The ONNX form of an operator: one node, its operands in order. */
export interface OnnxNode {
  readonly opType: string;
  readonly operands: readonly (Tensor | DimensionList)[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  /** The number of outputs of the node, 1 if absent. The first is the tensor itself. */
  readonly outputs?: number;
}

/** A tensor that is a further output of the node of another tensor. */
export interface FurtherOutput {
  readonly of: Tensor;
  /** 1 for the second output. */
  readonly output: number;
}

/**
 * An operator: its gradient rule and its ONNX form. The function of the same name, next to it, has
 * the shape rule.
 */
export interface Operator {
  readonly name: string;
  /**
   * Gradients with respect to the inputs, given the gradient of the output. Only entries for which
   * `wanted(i)` is true are used; a rule may leave the others undefined. Operators without a
   * gradient have none.
   */
  readonly gradient?: (
    node: Operation,
    outputGradient: Tensor,
    wanted: (input: number) => boolean,
  ) => readonly (Tensor | undefined)[];
  readonly onnx: (node: Operation) => OnnxNode | FurtherOutput;
}

export function input(name: string, type: ElementType, shape: Shape): Input {
  return Object.freeze({ kind: 'input', name, type, shape: shape.map(dimension) });
}

/** An input [N, columns] whose rows the caller of a session computes from an int32 input [N]. */
export function derivedInput(
  name: string,
  from: Input,
  columns: number,
  rows: (values: Int32Array) => Float32Array,
): Input {
  return Object.freeze({
    kind: 'input',
    name,
    type: 'float32',
    shape: [...from.shape, dimension(columns)],
    derived: { from: from.name, rows },
  });
}

/** The derived inputs that outputs depend on, by name. */
export function derivedInputs(outputs: readonly Tensor[]): Readonly<Record<string, Derived>> {
  const derived: Record<string, Derived> = {};
  for (const tensor of topologicalOrder(outputs)) {
    if (tensor.kind === 'input' && tensor.derived !== undefined) derived[tensor.name] = tensor.derived;
  }
  return derived;
}

export function weight(name: string, shape: Shape): Weight {
  return Object.freeze({ kind: 'weight', name, type: 'float32', shape: shape.map(dimension) });
}

/** A float32 constant: a number (shape []) or values with a shape. */
export function constant(
  values: number | readonly number[] | Float32Array | Float64Array,
  shape?: readonly number[],
): Constant {
  const data = typeof values === 'number' ? Float64Array.of(values) : Float64Array.from(values);
  return checkedConstant('float32', data, shape ?? (typeof values === 'number' ? [] : [data.length]));
}

/** An int32 constant. */
export function integers(values: readonly number[] | Int32Array, shape: readonly number[] = [values.length]): Constant {
  return checkedConstant('int32', Int32Array.from(values), shape);
}

function checkedConstant(
  type: 'float32' | 'int32',
  data: Float64Array | Int32Array,
  shape: readonly number[],
): Constant {
  if (product(shape) !== data.length) throw new GraphError(`constant: ${data.length} values do not fill [${shape}]`);
  return Object.freeze({ kind: 'constant', type, shape, data });
}

/** The frozen node of an operator. */
export function operation(
  operator: Operator,
  inputs: readonly Tensor[],
  shape: Shape,
  { type = inputs[0]!.type, attributes = {} }: { type?: ElementType; attributes?: Attributes } = {},
): Operation {
  return Object.freeze({ kind: 'operation', operator, inputs, attributes, type, shape });
}

/** A tensor in error messages: its name or its operator, with type and shape. */
export function describe(tensor: Tensor): string {
  const shape = `[${tensor.shape.join(', ')}]`;
  const type = tensor.type === 'float32' ? '' : ` ${tensor.type}`;
  switch (tensor.kind) {
    case 'input':
    case 'weight':
      return `${tensor.name}${type} ${shape}`;
    case 'constant':
      return `constant${type} ${shape}`;
    case 'operation': {
      const names = tensor.inputs.map(from =>
        'name' in from ? from.name : from.kind === 'constant' ? 'constant' : `${from.operator.name}(…)`,
      );
      return `${tensor.operator.name}(${names.join(', ')})${type} ${shape}`;
    }
  }
}

/** An invalid graph. The message names the operator, the tensors and their shapes. */
export class GraphError extends Error {
  override readonly name = 'GraphError';
}

/** @throws GraphError naming the operator and its operands */
export function refuse(operator: string, operands: readonly Tensor[], why: string): never {
  throw new GraphError(`${operator}: ${why}: ${operands.map(describe).join(' and ')}`);
}

/** @throws GraphError unless the operands are float32 */
export function requireFloat(operator: string, ...operands: readonly Tensor[]): void {
  if (operands.some(tensor => tensor.type !== 'float32')) refuse(operator, operands, 'needs float32');
}

/** The axis, counted from the front. @throws GraphError when the tensor has no such axis */
export function axisOf(operator: string, tensor: Tensor, axis: number): number {
  const rank = tensor.shape.length;
  const fromFront = axis < 0 ? rank + axis : axis;
  if (!Number.isInteger(axis) || fromFront < 0 || fromFront >= rank) refuse(operator, [tensor], `no axis ${axis}`);
  return fromFront;
}

/** All tensors that the given ones depend on, operands before results. */
export function topologicalOrder(outputs: readonly Tensor[]): readonly Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const stack: { tensor: Tensor; next: number }[] = [];
  // A recursive walk would overflow on deep models.
  const push = (tensor: Tensor) => {
    if (seen.has(tensor)) return;
    seen.add(tensor);
    stack.push({ tensor, next: 0 });
  };
  for (const output of outputs) {
    push(output);
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const inputs = top.tensor.kind === 'operation' ? top.tensor.inputs : [];
      if (top.next < inputs.length) push(inputs[top.next++]!);
      else {
        order.push(top.tensor);
        stack.pop();
      }
    }
  }
  return order;
}
