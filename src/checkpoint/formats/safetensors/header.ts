import { isJsonMap, type JsonMap, parseStrictJson, type StrictJson, wholeNumber } from '../../../files/strict-json.ts';
import type { ByteSource } from '../../byte-source.ts';
import { isStoredType, type TensorLocation } from '../../checkpoint.ts';

/** A tensor of a safetensors file, of any stored type. */
export interface SafetensorsEntry extends Omit<TensorLocation, 'dtype'> {
  readonly dtype: string;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: ReadonlyMap<string, string>;
}

// The limit of the reference implementation: a header is parsed in memory, and 100 MB name about a
// million tensors.
const MAX_HEADER_BYTES = 100_000_000;
const PREFIX_BYTES = 8;
const MAX_ELEMENTS = 2n ** 64n - 1n;
// More dimensions than any framework writes; bounds the length of a shape.
const MAX_DIMENSIONS = 64;

/** Bits of one element, for the types that the format names. */
const TYPE_BITS: ReadonlyMap<string, number> = new Map([
  ['F4', 4],
  ['F6_E2M3', 6],
  ['F6_E3M2', 6],
  ['BOOL', 8],
  ['U8', 8],
  ['I8', 8],
  ['F8_E5M2', 8],
  ['F8_E4M3', 8],
  ['F8_E8M0', 8],
  ['F8_E4M3FNUZ', 8],
  ['F8_E5M2FNUZ', 8],
  ['U16', 16],
  ['I16', 16],
  ['F16', 16],
  ['BF16', 16],
  ['U32', 32],
  ['I32', 32],
  ['F32', 32],
  ['U64', 64],
  ['I64', 64],
  ['F64', 64],
  ['C64', 64],
]);

/**
 * Reads where the tensors of one safetensors file lie, and its metadata; reads the header only. The
 * tensors must cover the file from the header to its end without gap or overlap.
 *
 * @param file its absolute path or address, which each tensor then holds
 * @param fail throws an error that names the file
 */
export async function readHeader(
  source: ByteSource,
  file: string,
  fail: (what: string) => never,
): Promise<SafetensorsHeader> {
  const { size } = source;
  if (size < PREFIX_BYTES) fail(`${size} bytes are too few for a header`);
  const prefix = await source.read(0, PREFIX_BYTES);
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) fail(`a header of ${length} bytes is announced, ${MAX_HEADER_BYTES} are allowed`);
  const dataStart = PREFIX_BYTES + Number(length);
  if (dataStart > size) fail(`a header of ${length} bytes is announced, the file has ${size} bytes`);
  const bytes = await source.read(PREFIX_BYTES, Number(length));
  return parseHeader(bytes, { file, dataStart, dataBytes: size - dataStart, fail });
}

/** Splits tensors into those that can be weights and the stored types of the others. */
export function splitByUse(tensors: Iterable<SafetensorsEntry>): {
  readonly weights: Map<string, TensorLocation>;
  readonly others: Map<string, string>;
} {
  const weights = new Map<string, TensorLocation>();
  const others = new Map<string, string>();
  for (const tensor of tensors) {
    if (isStoredType(tensor.dtype)) weights.set(tensor.name, { ...tensor, dtype: tensor.dtype });
    else others.set(tensor.name, tensor.dtype);
  }
  return { weights, others };
}

interface HeaderContext {
  readonly file: string;
  readonly dataStart: number;
  readonly dataBytes: number;
  readonly fail: (what: string) => never;
}

function parseHeader(bytes: Uint8Array, context: HeaderContext): SafetensorsHeader {
  const { dataBytes, fail } = context;
  if (bytes[0] !== 0x7b) fail('the header does not start with "{"');
  let root: StrictJson = null;
  try {
    root = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    fail(error instanceof SyntaxError ? `header: ${error.message}` : 'the header is not valid UTF-8');
  }
  if (!isJsonMap(root)) return fail('the header is not an object');

  const metadata = new Map<string, string>();
  const tensors = new Map<string, SafetensorsEntry>();
  for (const [name, value] of root) {
    if (name !== '__metadata__') {
      tensors.set(name, tensorEntry(name, value, context));
      continue;
    }
    // The reference implementation reads null as no metadata.
    if (value === null) continue;
    if (!isJsonMap(value)) return fail('__metadata__ is not an object');
    for (const [key, text] of value) {
      if (typeof text !== 'string') return fail(`__metadata__.${key} is not a string`);
      metadata.set(key, text);
    }
  }

  const inOrder = [...tensors.values()].sort((a, b) => a.offset - b.offset || a.length - b.length);
  let end = context.dataStart;
  for (const tensor of inOrder) {
    if (tensor.offset !== end) {
      const between = tensor.offset > end ? 'a gap lies before it' : 'it overlaps another tensor';
      fail(`tensor ${JSON.stringify(tensor.name)} starts at byte ${tensor.offset}, expected ${end}: ${between}`);
    }
    end += tensor.length;
  }
  if (end !== context.dataStart + dataBytes) {
    fail(`the tensors end at byte ${end}, the file at byte ${context.dataStart + dataBytes}`);
  }
  return { tensors, metadata };
}

function tensorEntry(name: string, value: StrictJson, context: HeaderContext): SafetensorsEntry {
  const { dataStart, dataBytes } = context;
  const fail = (what: string): never => context.fail(`tensor ${JSON.stringify(name)}: ${what}`);
  if (!isJsonMap(value)) return fail('its entry is not an object');
  const dtype = value.get('dtype');
  if (typeof dtype !== 'string') return fail('dtype is not a string');
  const shape = wholeNumbers(value, 'shape', fail);
  if (shape.length > MAX_DIMENSIONS) return fail(`${shape.length} dimensions, at most ${MAX_DIMENSIONS} are allowed`);
  const offsets = wholeNumbers(value, 'data_offsets', fail);
  if (offsets.length !== 2) return fail('data_offsets is not a pair');
  const [begin, end] = offsets as [number, number];
  if (begin > end) return fail(`data_offsets [${begin}, ${end}] run backwards`);
  if (end > dataBytes)
    return fail(`data_offsets [${begin}, ${end}] leave the file, which holds ${dataBytes} data bytes`);
  // As the reference implementation: a product beyond 64 bits is refused, even if a dimension of 0
  // follows.
  const elements = shape.reduce((product, size) => (product > MAX_ELEMENTS ? product : product * BigInt(size)), 1n);
  const bits = TYPE_BITS.get(dtype);
  // As the reference implementation: an unknown type may be damage that moves the other tensors.
  if (bits === undefined) return fail(`the type ${JSON.stringify(dtype.slice(0, 20))} is not known`);
  if (elements * BigInt(bits) !== BigInt(end - begin) * 8n) {
    return fail(`shape [${shape.join(', ')}] of ${dtype} does not make ${end - begin} bytes`);
  }
  return { name, dtype, shape, file: context.file, offset: dataStart + begin, length: end - begin };
}

function wholeNumbers(entry: JsonMap, key: string, fail: (what: string) => never): number[] {
  const list = entry.get(key);
  if (!Array.isArray(list)) return fail(`${key} is not a list`);
  return list.map(item => wholeNumber(item) ?? fail(`${key} holds something that is no plain non-negative integer`));
}
