/**
 * @file The part of the protobuf wire format that an ONNX model needs: varints, packed integers,
 * floats, bytes and nested messages. Own code because published ONNX bindings follow old schemas
 * and need a protobuf runtime.
 */
export interface Writer {
  int(field: number, value: number): void;
  float(field: number, value: number): void;
  string(field: number, value: string): void;
  bytes(field: number, value: Uint8Array): void;
  packed(field: number, values: readonly number[]): void;
  message(field: number, write: (writer: Writer) => void): void;
}

const VARINT = 0;
const LENGTH = 2;
const FIXED32 = 5;
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
