/** Builds GGUF files byte by byte for tests, valid ones and broken ones. */

export type Piece = Uint8Array;

export const u8 = (value: number): Piece => Uint8Array.of(value);
export const u32 = (value: number): Piece => new Uint8Array(Uint32Array.of(value).buffer);
export const f32 = (...values: number[]): Piece => new Uint8Array(Float32Array.from(values).buffer);
export const u64 = (value: number | bigint): Piece => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
const text = (value: string): Piece => {
  const bytes = new TextEncoder().encode(value);
  return join(u64(bytes.length), bytes);
};

export function join(...pieces: readonly Piece[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

export const VALUE = { u8: 0, u32: 4, i32: 5, f32: 6, bool: 7, text: 8, array: 9, u64: 10 } as const;

/** One metadata entry: key, type, value. */
export const entry = (key: string, type: number, value: Piece): Piece => join(text(key), u32(type), value);
export const textEntry = (key: string, value: string): Piece => entry(key, VALUE.text, text(value));
export const u32Entry = (key: string, value: number): Piece => entry(key, VALUE.u32, u32(value));
export const f32Entry = (key: string, value: number): Piece => entry(key, VALUE.f32, f32(value));
export const textsEntry = (key: string, values: readonly string[]): Piece =>
  entry(key, VALUE.array, join(u32(VALUE.text), u64(values.length), ...values.map(text)));

export interface TensorToPack {
  readonly name: string;
  /** ggml's number of the block type; 0 is F32. */
  readonly type: number;
  /** Innermost first, as the file has it. */
  readonly sizes: readonly (number | bigint)[];
  readonly data: Uint8Array;
  /** Instead of the next aligned place. */
  readonly offset?: number | bigint;
}

/** A whole file. Tensor data is aligned to 32. */
export function ggufFile(parts: {
  readonly entries?: readonly Piece[];
  readonly tensors?: readonly TensorToPack[];
  readonly version?: number;
  readonly entryCount?: number | bigint;
  readonly tensorCount?: number | bigint;
}): Uint8Array {
  const { entries = [], tensors = [], version = 3 } = parts;
  const pad = (length: number): number => (32 - (length % 32)) % 32;
  const outlines: Piece[] = [];
  const data: Piece[] = [];
  let end = 0;
  for (const tensor of tensors) {
    const sizes = tensor.sizes.map(u64);
    outlines.push(join(text(tensor.name), u32(sizes.length), ...sizes, u32(tensor.type), u64(tensor.offset ?? end)));
    data.push(tensor.data, new Uint8Array(pad(tensor.data.length)));
    end += tensor.data.length + pad(tensor.data.length);
  }
  const counts = [u64(parts.tensorCount ?? tensors.length), u64(parts.entryCount ?? entries.length)];
  const header = join(new TextEncoder().encode('GGUF'), u32(version), ...counts, ...entries, ...outlines);
  return join(header, new Uint8Array(tensors.length === 0 ? 0 : pad(header.length)), ...data);
}
