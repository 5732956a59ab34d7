/**
 * @file Values with typed arrays as bytes and back, in Node and in a page: the length of a JSON text, the text, in which an
 * array is a place, and the bytes of the arrays.
 */
const ARRAYS = { Float32Array, Int32Array, Uint8Array } as const;

interface Place {
  readonly array: keyof typeof ARRAYS;
  readonly at: number;
  readonly length: number;
}

// Arrays start where any of them may.
const ALIGNMENT = 8;
const aligned = (size: number) => Math.ceil(size / ALIGNMENT) * ALIGNMENT;

export function encode(value: unknown): Uint8Array<ArrayBuffer> {
  const parts: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  let end = 0;
  const text = JSON.stringify(value, (_, item: unknown) => {
    if (!ArrayBuffer.isView(item)) return item;
    const { buffer, byteOffset, byteLength } = item;
    const at = end;
    parts.push({ at, bytes: new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength) });
    end = aligned(end + byteLength);
    const array = Object.entries(ARRAYS).find(([, kind]) => item instanceof kind)?.[0];
    if (array === undefined) throw new Error('an array of this type does not cross');
    return { array, at, length: (item as Uint8Array).length };
  });
  const json = new TextEncoder().encode(text);
  const start = aligned(4 + json.length);
  const bytes = new Uint8Array(start + end);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 4);
  for (const part of parts) bytes.set(part.bytes, start + part.at);
  return bytes;
}

export function decode(buffer: ArrayBuffer): unknown {
  const length = new DataView(buffer).getUint32(0, true);
  const start = aligned(4 + length);
  return JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)), (_, item: unknown) => {
    if (item === null || typeof item !== 'object' || !('array' in item && 'at' in item)) return item;
    const { array, at, length } = item as Place;
    // A copy of its own: a view would keep the whole message alive.
    return new ARRAYS[array](buffer, start + at, length).slice();
  });
}
