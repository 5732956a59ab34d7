/**
 * @file Several ONNX models as one, so that one session holds their weights once. Each model becomes
 * a branch: the body of an `If`, which runs when it is chosen.
 */
import { onnxType } from '../operators/cast.ts';
import { encodeMessage, type Field, fieldsOf, type Writer } from './protobuf.ts';

export interface BranchInput {
  readonly name: string;
  /** Its name in the joined model. */
  readonly outside: string;
  readonly type: 'float32' | 'int32';
  readonly shape: readonly (number | string)[];
}

/** What one of the models reads and computes. */
export interface Branch {
  readonly inputs: readonly BranchInput[];
  readonly outputs: readonly { readonly name: string; readonly outside: string }[];
}

/** The input of a joined model, int32 [], with the number of the branch to compute. */
export const BRANCH = 'branch';

// Fields of messages.
const MODEL = { graph: 7 } as const;
const GRAPH = { node: 1, name: 2, initialiser: 5, input: 11, output: 12, value: 13 } as const;
const NODE = { input: 1, output: 2, name: 3, operator: 4, attribute: 5 } as const;
const ATTRIBUTE = { name: 1, graph: 6, type: 20 } as const;
const TENSOR = { dims: 1, type: 2, name: 8, raw: 9, location: 14 } as const;
const [TYPE_GRAPH, EXTERNAL] = [5, 1];
const utf8 = new TextDecoder();

/**
 * What a model reads and computes as branch `number`. Inputs of fixed shape (projections) keep their
 * names, so that branches share them; all others have the number before their name.
 */
export function branchOf(model: Uint8Array, number: number): Branch {
  const graph = fieldsOf(only(fieldsOf(model), MODEL.graph));
  return {
    inputs: all(graph, GRAPH.input).map(value => {
      const { name, type, shape } = valueInfo(value);
      const fixed = shape.every(size => typeof size === 'number');
      return { name, type, shape, outside: fixed ? name : `${number}/${name}` };
    }),
    outputs: all(graph, GRAPH.output).map(value => {
      const { name } = valueInfo(value);
      return { name, outside: `${number}/${name}` };
    }),
  };
}

/**
 * One model of which each given model is a branch. It has the inputs and outputs of all of them, and
 * `BRANCH`. Only the chosen branch is computed: the outputs of the others are empty. Weights outside
 * the models are held once.
 *
 * @throws Error when two branches have different weights or inputs of one name
 */
export function joinModels(name: string, models: readonly Uint8Array[]): Uint8Array {
  const parts = models.map((model, number) => ({
    graph: fieldsOf(only(fieldsOf(model), MODEL.graph)),
    branch: branchOf(model, number),
    number,
  }));
  const weights = new Map<string, Uint8Array>();
  const inputs = new Map<string, Uint8Array>();
  const once = (known: Map<string, Uint8Array>, key: string, bytes: Uint8Array) => {
    const other = known.get(key);
    if (other !== undefined && `${other}` !== `${bytes}`) {
      throw new Error(`${name}: branches have different tensors of the name ${key}`);
    }
    known.set(key, bytes);
  };
  for (const { graph, branch, number } of parts) {
    for (const tensor of all(graph, GRAPH.initialiser).filter(isExternal)) once(weights, tensorName(tensor), tensor);
    for (const { outside, type, shape } of branch.inputs) {
      // A named dimension has a size in each branch.
      const sizes = shape.map(size => (typeof size === 'number' ? size : `${number}/${size}`));
      const value = encodeMessage(to => writeType(to, outside, onnxType[type], sizes));
      once(inputs, outside, value);
    }
  }
  const [first] = models;
  return encodeMessage(model => {
    for (const { field, whole } of fieldsOf(first!)) if (field !== MODEL.graph) model.encoded(whole);
    model.message(MODEL.graph, to => {
      for (const part of parts) writeBranch(to, part);
      to.string(GRAPH.name, name);
      for (const tensor of weights.values()) to.bytes(GRAPH.initialiser, tensor);
      for (const { number } of parts) to.message(GRAPH.initialiser, tensor => writeNumber(tensor, number));
      to.message(GRAPH.input, value => writeType(value, BRANCH, onnxType.int32, []));
      for (const value of inputs.values()) to.bytes(GRAPH.input, value);
      for (const { graph, branch } of parts) {
        for (const [i, value] of all(graph, GRAPH.output).entries()) {
          // Empty in other branches, so of no shape.
          const { type } = valueInfo(value);
          to.message(GRAPH.output, out => writeType(out, branch.outputs[i]!.outside, onnxType[type]));
        }
      }
    });
  });
}

interface Part {
  readonly graph: readonly Field[];
  readonly branch: Branch;
  readonly number: number;
}

const numberName = (number: number) => `${number}/number`;
const chosenName = (number: number) => `${number}/chosen`;

/** chosen = branch == number; outputs = If(chosen) */
function writeBranch(to: Writer, { graph, branch, number }: Part): void {
  to.message(GRAPH.node, node => {
    node.string(NODE.input, BRANCH);
    node.string(NODE.input, numberName(number));
    node.string(NODE.output, chosenName(number));
    node.string(NODE.name, chosenName(number));
    node.string(NODE.operator, 'Equal');
  });
  const outsides = new Map(branch.inputs.map(({ name, outside }) => [name, outside]));
  const outputs = all(graph, GRAPH.output);
  to.message(GRAPH.node, node => {
    node.string(NODE.input, chosenName(number));
    for (const { outside } of branch.outputs) node.string(NODE.output, outside);
    node.string(NODE.name, `${number}/if`);
    node.string(NODE.operator, 'If');
    node.message(NODE.attribute, attribute => {
      attribute.string(ATTRIBUTE.name, 'then_branch');
      attribute.message(ATTRIBUTE.graph, body => {
        for (const each of all(graph, GRAPH.node)) body.bytes(GRAPH.node, withInputs(each, outsides));
        body.string(GRAPH.name, `${number}`);
        for (const each of all(graph, GRAPH.initialiser)) if (!isExternal(each)) body.bytes(GRAPH.initialiser, each);
        for (const each of outputs) body.bytes(GRAPH.output, each);
        for (const each of all(graph, GRAPH.value)) body.bytes(GRAPH.value, each);
      });
      attribute.int(ATTRIBUTE.type, TYPE_GRAPH);
    });
    node.message(NODE.attribute, attribute => {
      attribute.string(ATTRIBUTE.name, 'else_branch');
      attribute.message(ATTRIBUTE.graph, body => {
        body.string(GRAPH.name, `not ${number}`);
        for (const [i, each] of outputs.entries()) {
          const { type, shape } = valueInfo(each);
          const empty = shape.map(() => 0);
          const own = `${number}/empty/${i}`;
          body.message(GRAPH.node, identity => {
            identity.string(NODE.input, `${own}/data`);
            identity.string(NODE.output, own);
            identity.string(NODE.operator, 'Identity');
          });
          body.message(GRAPH.initialiser, tensor => {
            tensor.packed(TENSOR.dims, empty);
            tensor.int(TENSOR.type, onnxType[type]);
            tensor.string(TENSOR.name, `${own}/data`);
            tensor.bytes(TENSOR.raw, new Uint8Array(shape.length === 0 ? 4 : 0));
          });
          body.message(GRAPH.output, out => writeType(out, own, onnxType[type], empty));
        }
      });
      attribute.int(ATTRIBUTE.type, TYPE_GRAPH);
    });
  });
}

function all(fields: readonly Field[], wanted: number): Uint8Array[] {
  return fields.filter(({ field }) => field === wanted).map(({ value }) => value as Uint8Array);
}

function only(fields: readonly Field[], wanted: number): Uint8Array {
  const [found] = all(fields, wanted);
  if (found === undefined) throw new Error('a model is no ONNX model');
  return found;
}

function textOf(fields: readonly Field[], wanted: number): string {
  return utf8.decode(only(fields, wanted));
}

function numberOf(fields: readonly Field[], wanted: number): number {
  return (fields.find(({ field }) => field === wanted)?.value ?? 0) as number;
}

const tensorName = (tensor: Uint8Array) => textOf(fieldsOf(tensor), TENSOR.name);
const isExternal = (tensor: Uint8Array) => numberOf(fieldsOf(tensor), TENSOR.location) === EXTERNAL;

/** Name, type and shape of a ValueInfo {1 name, 2 type {1 tensor {1 type, 2 shape {1 dimension {1 size, 2 name}}}}}. */
function valueInfo(value: Uint8Array): Pick<BranchInput, 'name' | 'type' | 'shape'> {
  const fields = fieldsOf(value);
  const tensor = fieldsOf(only(fieldsOf(only(fields, 2)), 1));
  return {
    name: textOf(fields, 1),
    type: numberOf(tensor, 1) === onnxType.int32 ? 'int32' : 'float32',
    shape: all(fieldsOf(only(tensor, 2)), 1).map(dimension => {
      const [size] = fieldsOf(dimension);
      if (size === undefined) return '';
      return typeof size.value === 'number' ? size.value : utf8.decode(size.value);
    }),
  };
}

/** A node with other names of its inputs. */
function withInputs(node: Uint8Array, names: ReadonlyMap<string, string>): Uint8Array {
  return encodeMessage(to => {
    for (const { field, value, whole } of fieldsOf(node)) {
      const name = field === NODE.input ? names.get(utf8.decode(value as Uint8Array)) : undefined;
      if (name === undefined) to.encoded(whole);
      else to.string(NODE.input, name);
    }
  });
}

/** The int32 constant [] that a branch is chosen by. */
function writeNumber(tensor: Writer, number: number): void {
  tensor.int(TENSOR.type, onnxType.int32);
  tensor.string(TENSOR.name, numberName(number));
  tensor.bytes(TENSOR.raw, new Uint8Array(Int32Array.of(number).buffer));
}

/** A ValueInfo; of any shape when none is given. */
function writeType(to: Writer, name: string, type: number, shape?: readonly (number | string)[]): void {
  to.string(1, name);
  to.message(2, value =>
    value.message(1, tensor => {
      tensor.int(1, type);
      if (shape === undefined) return;
      tensor.message(2, dims => {
        for (const size of shape) {
          dims.message(1, dim => (typeof size === 'number' ? dim.int(1, size) : dim.string(2, size)));
        }
      });
    }),
  );
}
