/** @file What an ONNX file holds, read by a few lines of protobuf. */

export interface Initialiser {
  readonly name: string;
  readonly dims: readonly number[];
  /** As ONNX numbers types: 1 is float32, 10 float16, 16 bfloat16. */
  readonly type: number;
}

/** The tensors that are in a model itself, or are mapped from a file by it. */
export function onnxInitialisers(model: Uint8Array): readonly Initialiser[] {
  const [GRAPH, INITIALISER] = [7, 5];
  return fieldsOf(model)
    .filter(({ field }) => field === GRAPH)
    .flatMap(graph => fieldsOf(graph.bytes!))
    .filter(({ field }) => field === INITIALISER)
    .map(({ bytes }) => {
      const fields = fieldsOf(bytes!);
      const of = (wanted: number) => fields.filter(({ field }) => field === wanted);
      return {
        name: new TextDecoder().decode(of(8)[0]!.bytes),
        dims: of(1).flatMap(({ number, bytes: packed }) => (packed ? varints(packed) : number!)),
        type: of(2)[0]!.number!,
      };
    });
}

/** A field has a number or, where it is a message, a text or packed, bytes. */
interface Field {
  readonly field: number;
  readonly number?: number;
  readonly bytes?: Uint8Array;
}

function fieldsOf(message: Uint8Array): readonly Field[] {
  const fields: Field[] = [];
  const next = readerOf(message);
  while (next.more()) {
    const key = next.varint();
    const [field, wire] = [key >> 3, key & 7];
    if (wire === 0) fields.push({ field, number: next.varint() });
    else fields.push({ field, bytes: next.bytes(wire === 2 ? next.varint() : wire === 1 ? 8 : 4) });
  }
  return fields;
}

function varints(packed: Uint8Array): readonly number[] {
  const next = readerOf(packed);
  const values: number[] = [];
  while (next.more()) values.push(next.varint());
  return values;
}

function readerOf(source: Uint8Array) {
  let at = 0;
  return {
    more: () => at < source.length,
    varint: () => {
      let value = 0;
      for (let scale = 1; ; scale *= 128) {
        const byte = source[at++]!;
        value += (byte & 127) * scale;
        if (byte < 128) return value;
      }
    },
    bytes: (count: number) => {
      at += count;
      return source.subarray(at - count, at);
    },
  };
}
