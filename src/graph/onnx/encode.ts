import { type Dimension, termsOf } from '../dimension.ts';
import { onnxType } from '../operators/cast.ts';
import {
  type Constant,
  type ElementType,
  GraphError,
  type Input,
  type OnnxAttribute,
  type Shape,
  type Tensor,
  topologicalOrder,
} from '../tensor.ts';
import { encodeMessage, type Writer } from './protobuf.ts';

/** Where the bytes of a weight lie, as ONNX external data. Half precision is widened when the session opens. */
export interface ExternalData {
  /** Path below the folder that the session is given. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
  readonly dtype: 'F32' | 'F16' | 'BF16';
}

export interface EncodeOptions {
  readonly name: string;
  /** Results by their name in the model. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly locate?: (weight: string) => ExternalData;
}

const OPSET = 20;
const IR_VERSION = 9;
const STORED_TYPE = { F32: 1, F16: 10, BF16: 16 } as const;
const INT64 = 7;

type Attributes = Readonly<Record<string, OnnxAttribute>>;

/** Name of a further output of the node whose first is `name`. */
const furtherName = (name: string, output: number) => `${name}.${output}`;

/**
 * Writes a graph as an ONNX model (opset 20, IR 9). Weights stay where they are and become external data; dimensions that
 * are computed at run time (`B*T`) are read off the shapes of the inputs.
 *
 * @throws GraphError when a weight has no place or a named dimension stands on no input
 */
export function encodeOnnx({ name, outputs, locate }: EncodeOptions): Uint8Array {
  const names = new Map<Tensor, string>();
  const order = topologicalOrder(Object.values(outputs));
  const inputs = order.filter((tensor): tensor is Input => tensor.kind === 'input');
  const nodes: ((graph: Writer) => void)[] = [];
  const initialisers: ((graph: Writer) => void)[] = [];
  const shared = new Map<string, string>();
  let count = 0;

  const node = (
    opType: string,
    operands: readonly string[],
    output: string,
    attributes: Attributes = {},
    outputCount = 1,
  ) => {
    nodes.push(graph =>
      graph.message(1, to => {
        for (const operand of operands) to.string(1, operand);
        to.string(2, output);
        for (let further = 1; further < outputCount; further++) to.string(2, furtherName(output, further));
        to.string(3, `${opType}_${output}`);
        to.string(4, opType);
        for (const [key, value] of Object.entries(attributes)) writeAttribute(to, key, value);
      }),
    );
    return output;
  };
  /** The name under `key`, made at its first use. */
  const once = (key: string, make: (output: string) => string) => {
    const known = shared.get(key);
    if (known !== undefined) return known;
    const made = make(`n${count++}`);
    shared.set(key, made);
    return made;
  };

  const int64 = (values: readonly number[]): string =>
    once(`int64 ${values}`, output => {
      const raw = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
      initialisers.push(graph => graph.message(5, to => writeTensor(to, output, INT64, [values.length], raw)));
      return output;
    });
  /** int64 [1] with the size of a dimension. */
  const size = (dimension: Dimension): string => {
    if (typeof dimension === 'number') return int64([dimension]);
    return once(`size ${dimension}`, output => {
      for (const from of inputs) {
        const axis = from.shape.indexOf(dimension);
        if (axis >= 0) return node('Shape', [from.name], output, { start: axis, end: axis + 1 });
      }
      const terms = termsOf(dimension);
      if (terms.length === 1 && terms[0]!.length === 1)
        throw new GraphError(`${name}: dimension '${dimension}' stands on no input`);
      const sum = terms.map(factors => factors.map(size).reduce((a, b) => node('Mul', [a, b], `n${count++}`)));
      return sum.reduce((a, b) => node('Add', [a, b], `n${count++}`));
    });
  };
  const sizes = (dimensions: readonly Dimension[]): string =>
    dimensions.every(dimension => typeof dimension === 'number')
      ? int64(dimensions as readonly number[])
      : dimensions.length === 1
        ? size(dimensions[0]!)
        : once(`sizes ${dimensions}`, output => node('Concat', dimensions.map(size), output, { axis: 0 }));

  const external = (weight: string, shape: Shape): string => {
    const place = locate?.(weight);
    if (place === undefined) throw new GraphError(`${name}: nobody tells where weight ${weight} lies`);
    const stored = place.dtype === 'F32' ? weight : `${weight}.${place.dtype}`;
    initialisers.push(graph => graph.message(5, to => writeExternal(to, stored, shape as readonly number[], place)));
    return place.dtype === 'F32' ? weight : node('Cast', [stored], weight, { to: onnxType.float32 });
  };
  const embedded = (constant: Constant): string => {
    const { type, data, shape } = constant;
    const key = data.length === 1 ? `${type} ${data[0]} ${shape}` : undefined;
    const make = (output: string) => {
      const raw = new Uint8Array((type === 'float32' ? Float32Array.from(data) : Int32Array.from(data)).buffer);
      initialisers.push(graph => graph.message(5, to => writeTensor(to, output, onnxType[type], shape, raw)));
      return output;
    };
    return key === undefined ? make(`n${count++}`) : once(key, make);
  };

  const wantedNames = new Map(Object.entries(outputs).map(([output, tensor]) => [tensor, output]));
  for (const tensor of order) {
    if (tensor.kind === 'input') names.set(tensor, tensor.name);
    else if (tensor.kind === 'weight') names.set(tensor, external(tensor.name, tensor.shape));
    else if (tensor.kind === 'constant') names.set(tensor, embedded(tensor));
    else {
      const form = tensor.operator.onnx(tensor);
      if ('of' in form) {
        names.set(tensor, furtherName(names.get(form.of)!, form.output));
        continue;
      }
      const { opType, operands, attributes, outputs: outputCount } = form;
      const operandNames = operands.map(from => (from.kind === 'dimensions' ? sizes(from.values) : names.get(from)!));
      names.set(tensor, node(opType, operandNames, wantedNames.get(tensor) ?? `n${count++}`, attributes, outputCount));
    }
  }
  // A tensor that is asked for twice, or that is no result of an operator, is copied under the asked name.
  for (const [output, tensor] of Object.entries(outputs)) {
    if (names.get(tensor) !== output) node('Identity', [names.get(tensor)!], output);
  }

  return encodeMessage(model => {
    model.int(1, IR_VERSION);
    model.string(2, 'dualform');
    model.message(7, graph => {
      for (const write of nodes) write(graph);
      graph.string(2, name);
      for (const write of initialisers) write(graph);
      for (const from of inputs) graph.message(11, to => writeValue(to, from.name, from.type, from.shape));
      for (const [output, tensor] of Object.entries(outputs)) {
        graph.message(12, to => writeValue(to, output, tensor.type, tensor.shape));
      }
      // With shapes known, the engine reuses buffers; without, it also searches through all of them at every node.
      for (const tensor of order) {
        const own = names.get(tensor)!;
        if (tensor.kind === 'operation' && !(own in outputs)) {
          graph.message(13, to => writeValue(to, own, tensor.type, tensor.shape));
        }
      }
    });
    model.message(8, opset => opset.int(2, OPSET));
  });
}

function writeAttribute(node: Writer, key: string, value: OnnxAttribute): void {
  const [FLOAT, INT, STRING, INTS] = [1, 2, 3, 7];
  node.message(5, attribute => {
    attribute.string(1, key);
    if (typeof value === 'number') {
      attribute.int(3, value);
      attribute.int(20, INT);
    } else if (typeof value === 'string') {
      attribute.string(4, value);
      attribute.int(20, STRING);
    } else if ('float' in value) {
      attribute.float(2, value.float);
      attribute.int(20, FLOAT);
    } else {
      attribute.packed(8, value);
      attribute.int(20, INTS);
    }
  });
}

function writeTensor(to: Writer, name: string, type: number, shape: readonly number[], raw: Uint8Array): void {
  to.packed(1, shape);
  to.int(2, type);
  to.string(8, name);
  to.bytes(9, raw);
}

function writeExternal(to: Writer, name: string, shape: readonly number[], place: ExternalData): void {
  const EXTERNAL = 1;
  to.packed(1, shape);
  to.int(2, STORED_TYPE[place.dtype]);
  to.string(8, name);
  for (const [key, value] of [
    ['location', place.location],
    ['offset', String(place.offset)],
    ['length', String(place.length)],
  ] as const) {
    to.message(13, entry => {
      entry.string(1, key);
      entry.string(2, value);
    });
  }
  to.int(14, EXTERNAL);
}

function writeValue(to: Writer, name: string, type: ElementType, shape: Shape): void {
  to.string(1, name);
  to.message(2, value =>
    value.message(1, tensor => {
      tensor.int(1, onnxType[type]);
      tensor.message(2, dims => {
        for (const size of shape) {
          dims.message(1, dim => {
            if (typeof size === 'number') dim.int(1, size);
            else dim.string(2, size);
          });
        }
      });
    }),
  );
}
