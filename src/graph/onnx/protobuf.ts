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
// Bytes of the longest number.
const MOST_VARINT = 10;
const utf8 = new TextEncoder();

/** The bytes of the message that `write` writes. */
export function encodeMessage(write: (writer: Writer) => void): Uint8Array {
  let bytes = new Uint8Array(1 << 10);
  let end = 0;
  const reserve = (count: number) => {
    if (end + count <= bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * bytes.length, end + count));
    larger.set(bytes.subarray(0, end));
    bytes = larger;
  };
  const varint = (value: number) => {
    reserve(MOST_VARINT);
    if (value >= 0) {
      let rest = value;
      for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[end++] = (rest % 128) | 128;
      bytes[end++] = rest;
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 128n; rest >>= 7n) bytes[end++] = Number(rest & 127n) | 128;
    bytes[end++] = Number(rest);
  };
  const encoded = (content: Uint8Array) => {
    reserve(content.length);
    bytes.set(content, end);
    end += content.length;
  };
  /** Content of a length that is known when it is written: most need one byte for it. */
  const delimited = (field: number, content: () => void) => {
    varint(field * 8 + LENGTH);
    const start = end;
    varint(0);
    content();
    const length = end - start - 1;
    if (length < 128) {
      bytes[start] = length;
      return;
    }
    const head = bytesOfVarint(length);
    reserve(head);
    bytes.copyWithin(start + head, start + 1, end);
    end = start;
    varint(length);
    end += length;
  };
  const writer: Writer = {
    int(field, value) {
      varint(field * 8 + VARINT);
      varint(value);
    },
    float(field, value) {
      varint(field * 8 + FIXED32);
      encoded(new Uint8Array(Float32Array.of(value).buffer));
    },
    string: (field, value) =>
      delimited(field, () => {
        reserve(3 * value.length);
        end += utf8.encodeInto(value, bytes.subarray(end)).written;
      }),
    bytes(field, value) {
      varint(field * 8 + LENGTH);
      varint(value.length);
      encoded(value);
    },
    encoded,
    packed: (field, values) => delimited(field, () => values.forEach(varint)),
    message: (field, inner) => delimited(field, () => inner(writer)),
  };
  write(writer);
  return bytes.slice(0, end);
}

function bytesOfVarint(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) count++;
  return count;
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
