import { type Dimension, termsOf } from '../dimension.ts';
import { onnxType } from '../operators/cast.ts';
import {
  type Constant,
  GraphError,
  type Input,
  type OnnxAttribute,
  type Shape,
  type Tensor,
  topologicalOrder,
  type Weight,
} from '../tensor.ts';
import { encodeMessage, type Writer } from './protobuf.ts';

/** Where the bytes of a weight are, as ONNX external data. */
export interface ExternalData {
  /** Path relative to the folder that the session is opened with. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
  readonly dtype: 'F32' | 'F16' | 'BF16';
}

export interface EncodeOptions {
  readonly name: string;
  /** Outputs by their name in the model. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly locate?: (weight: string) => ExternalData;
}

const OPSET = 20;
const IR_VERSION = 9;
const STORED_TYPE = { F32: 1, F16: 10, BF16: 16 } as const;
const INT64 = 7;

type Attributes = Readonly<Record<string, OnnxAttribute>>;

/** Name of a further output of the node whose first output is `name`. */
const furtherName = (name: string, output: number) => `${name}.${output}`;

/**
 * Writes a graph as an ONNX model (opset 20, IR 9). Weights become external data. Named dimensions
 * (`B*T`) are computed at run time from the shapes of the inputs.
 *
 * Weights in half precision are widened to float32 at each use, after the other operand was
 * computed: so one float32 matrix is in memory at a time, and the engine does not widen all of them
 * when a session opens.
 *
 * @throws GraphError when the place of a weight is unknown, or no input has a named dimension
 */
export function encodeOnnx({ name, outputs, locate }: EncodeOptions): Uint8Array {
  const names = new Map<Tensor, string>();
  const order = topologicalOrder(Object.values(outputs));
  const inputs = order.filter((tensor): tensor is Input => tensor.kind === 'input');
  const nodes: ((graph: Writer) => void)[] = [];
  const initialisers: ((graph: Writer) => void)[] = [];
  const shared = new Map<string, string>();
  const values: ((graph: Writer) => void)[] = [];
  const halves = new Map<string, ExternalData['dtype']>();
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
  /** The name for `key`; made by the first use. */
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
        throw new GraphError(`${name}: dimension '${dimension}' is in no input`);
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

  // With shapes the engine reuses buffers; without, it searches all of them at every node.
  const tell = (value: string, type: number, shape: Shape) => {
    values.push(graph => graph.message(13, to => writeValue(to, value, type, shape)));
    return value;
  };

  const external = ({ name: weight, shape }: Weight): string => {
    const place = locate?.(weight);
    if (place === undefined) throw new GraphError(`${name}: the place of weight ${weight} is unknown`);
    initialisers.push(graph => graph.message(5, to => writeExternal(to, weight, shape as readonly number[], place)));
    if (place.dtype !== 'F32') halves.set(weight, place.dtype);
    return weight;
  };
  /**
   * A weight as float32. A view of it with shape [0, ..., 0] (0 keeps a size) is computed from a
   * size of one of `beside`, the other operands, so that the engine widens it only after them.
   */
  const widened = ({ name: weight, shape }: Weight, beside: readonly Tensor[]): string => {
    const dtype = halves.get(weight);
    if (dtype === undefined) return weight;
    const met = beside.find(
      tensor => tensor.kind === 'operation' && tensor.shape.some(size => typeof size === 'string'),
    );
    const cast = (half: string, output: string) => node('Cast', [half], output, { to: onnxType.float32 });
    // Vectors (scales and biases) are widened when the session opens.
    if (shape.length < 2 || met === undefined) return once(`wide ${weight}`, output => cast(weight, output));
    const axis = met.shape.findIndex(size => typeof size === 'string');
    const met0 = node('Shape', [names.get(met)!], `n${count++}`, { start: axis, end: axis + 1 });
    const same = node('Mul', [met0, int64(shape.map(() => 0))], `n${count++}`);
    const view = tell(node('Reshape', [weight, same], `n${count++}`), STORED_TYPE[dtype], shape);
    return tell(cast(view, `n${count++}`), onnxType.float32, shape);
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
    else if (tensor.kind === 'weight') names.set(tensor, external(tensor));
    else if (tensor.kind === 'constant') names.set(tensor, embedded(tensor));
    else {
      const form = tensor.operator.onnx(tensor);
      const own =
        'of' in form ? furtherName(names.get(form.of)!, form.output) : (wantedNames.get(tensor) ?? `n${count++}`);
      names.set(tensor, own);
      if (!(own in outputs)) tell(own, onnxType[tensor.type], tensor.shape);
      if ('of' in form) continue;
      const { opType, operands, attributes, outputs: outputCount } = form;
      const [table, ...others] = operands.map(from => {
        if (from.kind === 'dimensions') return sizes(from.values);
        if (from.kind !== 'weight' || opType === 'Gather') return names.get(from)!;
        return widened(from, tensor.inputs);
      });
      const half = opType === 'Gather' ? halves.get(table!) : undefined;
      if (half === undefined) node(opType, [table!, ...others], own, attributes, outputCount);
      else {
        // Only few rows of a table are read: these are widened, not the table.
        const rows = node(opType, [table!, ...others], `n${count++}`, attributes);
        node('Cast', [tell(rows, STORED_TYPE[half], tensor.shape)], own, { to: onnxType.float32 });
      }
    }
  }
  // An output that is not the result of an operator, or is output twice, is copied under its name.
  for (const [output, tensor] of Object.entries(outputs)) {
    if (names.get(tensor) === output) continue;
    node('Identity', [tensor.kind === 'weight' ? widened(tensor, []) : names.get(tensor)!], output);
  }

  return encodeMessage(model => {
    model.int(1, IR_VERSION);
    model.string(2, 'dualform');
    model.message(7, graph => {
      for (const write of nodes) write(graph);
      graph.string(2, name);
      for (const write of initialisers) write(graph);
      for (const from of inputs) graph.message(11, to => writeValue(to, from.name, onnxType[from.type], from.shape));
      for (const [output, tensor] of Object.entries(outputs)) {
        graph.message(12, to => writeValue(to, output, onnxType[tensor.type], tensor.shape));
      }
      for (const write of values) write(graph);
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

function writeValue(to: Writer, name: string, type: number, shape: Shape): void {
  to.string(1, name);
  to.message(2, value =>
    value.message(1, tensor => {
      tensor.int(1, type);
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
