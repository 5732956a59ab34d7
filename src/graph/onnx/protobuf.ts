/**
 * @file The part of the protobuf wire format that an ONNX model needs: varints, packed integers,
 * floats, bytes and nested messages. Own code because published ONNX bindings follow old schemas
 * and need a protobuf runtime.
 */

/** A field of a message as it is stored: a number, or the bytes of a string or message. */
export interface Field {
  readonly field: number;
  readonly value: number | Uint8Array;
  /** The field with its tag. */
  readonly whole: Uint8Array;
}

export interface Writer {
  int(field: number, value: number): void;
  float(field: number, value: number): void;
  string(field: number, value: string): void;
  bytes(field: number, value: Uint8Array): void;
  /** A field that is encoded already, or several. */
  encoded(fields: Uint8Array): void;
  packed(field: number, values: readonly number[]): void;
  message(field: number, write: (writer: Writer) => void): void;
}

const VARINT = 0;
const LENGTH = 2;
const FIXED32 = 5;
const FIXED64 = 1;
const utf8 = new TextEncoder();

/** The bytes of the message that `write` writes. */
export function encodeMessage(write: (writer: Writer) => void): Uint8Array {
  const chunks: Uint8Array[] = [];
  let small: number[] = [];
  const flush = () => {
    if (small.length > 0) chunks.push(Uint8Array.from(small));
    small = [];
  };
  const varint = (value: number, into: number[] = small) => {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 128n) {
      into.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    into.push(Number(rest));
  };
  const bytes = (field: number, value: Uint8Array) => {
    varint(field * 8 + LENGTH);
    varint(value.length);
    flush();
    chunks.push(value);
  };
  write({
    int(field, value) {
      varint(field * 8 + VARINT);
      varint(value);
    },
    float(field, value) {
      varint(field * 8 + FIXED32);
      small.push(...new Uint8Array(Float32Array.of(value).buffer));
    },
    string: (field, value) => bytes(field, utf8.encode(value)),
    bytes,
    encoded(fields) {
      flush();
      chunks.push(fields);
    },
    packed(field, values) {
      const body: number[] = [];
      for (const value of values) varint(value, body);
      bytes(field, Uint8Array.from(body));
    },
    message: (field, inner) => bytes(field, encodeMessage(inner)),
  });
  flush();
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/**
 * The fields of a message, in order. Numbers of more than 53 bits and floats have no use here and
 * come out wrong.
 *
 * @throws Error when the bytes are no message
 */
export function fieldsOf(message: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = message[at++];
      if (byte === undefined) throw new Error('a protobuf message ends inside a number');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  while (at < message.length) {
    const start = at;
    const tag = varint();
    const [field, wire] = [Math.floor(tag / 8), tag % 8];
    let value: number | Uint8Array = 0;
    if (wire === VARINT) value = varint();
    else if (wire === LENGTH) {
      const length = varint();
      value = message.subarray(at, at + length);
      at += length;
    } else if (wire === FIXED32) at += 4;
    else if (wire === FIXED64) at += 8;
    else throw new Error(`a protobuf message has a field of kind ${wire}`);
    if (at > message.length) throw new Error('a protobuf message ends inside a field');
    fields.push({ field, value, whole: message.subarray(start, at) });
  }
  return fields;
}
