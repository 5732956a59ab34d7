/** A tiny writer of ONNX models for tests of the runtime: just enough of protobuf. */

type Dims = readonly (number | string)[];

export interface TinyGraph {
  readonly inputs: Readonly<Record<string, { readonly type?: 'float32' | 'int32'; readonly dims: Dims }>>;
  readonly outputs: Readonly<Record<string, { readonly type?: 'float32' | 'int32'; readonly dims: Dims }>>;
  /** `[operator, inputs, outputs]` */
  readonly nodes: readonly (readonly [string, readonly string[], readonly string[]])[];
  readonly weights?: Readonly<Record<string, Weight>>;
}

type Weight = { readonly dims: readonly number[] } & (
  | { readonly values: readonly number[] }
  | { readonly location: string; readonly offset: number; readonly length: number }
);

const codes = { float32: 1, int32: 6 } as const;

/** ONNX bytes (IR 9, opset 20). */
export function tinyOnnx({ inputs, outputs, nodes, weights = {} }: TinyGraph): Uint8Array {
  const value = (name: string, { type = 'float32' as const, dims }: TinyGraph['inputs'][string]) =>
    message([text(1, name), nested(2, [nested(1, [int(1, codes[type]), nested(2, dims.map(dimension))])])]);
  const graph = [
    ...nodes.map(([operator, from, to]) =>
      nested(1, [...from.map(name => text(1, name)), ...to.map(name => text(2, name)), text(4, operator)]),
    ),
    text(2, 'tiny'),
    ...Object.entries(weights).map(([name, weight]) => nested(5, initializer(name, weight))),
    ...Object.entries(inputs).map(([name, input]) => bytes(11, value(name, input))),
    ...Object.entries(outputs).map(([name, output]) => bytes(12, value(name, output))),
  ];
  return message([int(1, 9), nested(7, graph), nested(8, [text(1, ''), int(2, 20)])]);
}

function initializer(name: string, weight: Weight): Uint8Array[] {
  const head = [...weight.dims.map(dim => int(1, dim)), int(2, codes.float32), text(8, name)];
  if ('values' in weight) return [...head, bytes(9, new Uint8Array(Float32Array.from(weight.values).buffer))];
  const { location, offset, length } = weight;
  const entries = { location, offset: String(offset), length: String(length) };
  return [
    ...head,
    ...Object.entries(entries).map(([key, entry]) => nested(13, [text(1, key), text(2, entry)])),
    int(14, 1),
  ];
}

function dimension(dim: number | string): Uint8Array {
  return nested(1, [typeof dim === 'number' ? int(1, dim) : text(2, dim)]);
}

function message(fields: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(fields));
}

function nested(field: number, fields: readonly Uint8Array[]): Uint8Array {
  return bytes(field, message(fields));
}

function text(field: number, value: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(value));
}

function bytes(field: number, value: Uint8Array): Uint8Array {
  return message([varint(field * 8 + 2), varint(value.length), value]);
}

function int(field: number, value: number): Uint8Array {
  return message([varint(field * 8), varint(value)]);
}

function varint(value: number): Uint8Array {
  const digits: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...digits, rest]);
    digits.push((rest % 128) | 128);
  }
}
