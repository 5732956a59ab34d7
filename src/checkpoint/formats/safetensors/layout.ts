/** The header entry of a tensor to write. */
export interface TensorOutline {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes. */
  readonly length: number;
}

export interface SafetensorsLayout<T extends TensorOutline> {
  /** Length prefix and JSON, padded with spaces so that the data starts aligned. */
  readonly header: Uint8Array;
  /** The tensors in the order of their bytes, with their offsets from the start of the file. */
  readonly placed: readonly { readonly tensor: T; readonly offset: number }[];
  readonly totalBytes: number;
}

/**
 * Chooses order and place of tensors in a safetensors file. The format does not allow gaps, so
 * tensors whose size keeps the alignment come first, by name, then those that keep half of it, and
 * so on: every tensor starts at a multiple of `alignment` (a power of two) unless its own or a
 * smaller predecessor's size forbids it.
 */
export function layOutSafetensors<T extends TensorOutline>(
  tensors: readonly T[],
  options: { readonly alignment: number; readonly metadata?: Readonly<Record<string, string>> },
): SafetensorsLayout<T> {
  const { alignment, metadata } = options;
  const ordered = [...tensors].sort(
    (a, b) => kept(b.length, alignment) - kept(a.length, alignment) || compare(a.name, b.name),
  );
  const fields: string[] = [];
  if (metadata !== undefined) fields.push(`"__metadata__":${JSON.stringify(metadata)}`);
  const seen = new Set(['__metadata__']);
  let dataBytes = 0;
  for (const { name, dtype, shape, length } of ordered) {
    if (seen.has(name)) throw new Error(`a safetensors file cannot hold two tensors named ${name}`);
    seen.add(name);
    const entry = { dtype, shape, data_offsets: [dataBytes, dataBytes + length] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    dataBytes += length;
  }
  const header = encodeHeader(`{${fields.join(',')}}`, alignment);
  let offset = header.length;
  const placed = ordered.map(tensor => {
    const at = offset;
    offset += tensor.length;
    return { tensor, offset: at };
  });
  return { header, placed, totalBytes: header.length + dataBytes };
}

function encodeHeader(json: string, alignment: number): Uint8Array {
  const text = new TextEncoder().encode(json);
  const total = Math.ceil((8 + text.length) / alignment) * alignment;
  const header = new Uint8Array(total).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(total - 8), true);
  header.set(text, 8);
  return header;
}

// The largest power of two up to `alignment` that divides the length.
function kept(length: number, alignment: number): number {
  let power = alignment;
  while (length % power !== 0) power /= 2;
  return power;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
