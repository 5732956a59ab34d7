import { BLOCK_FORMATS, type BlockType } from './blocks/blocks.ts';

export type GgufNumbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** A metadata value; 64-bit integers are numbers where exact, else bigints. */
export type GgufValue = string | number | bigint | boolean | GgufNumbers | readonly GgufValue[];

export interface GgufTensor {
  readonly name: string;
  readonly type: BlockType;
  /** Outermost first, so a projection is [out, in]; the file itself writes the innermost first. */
  readonly shape: readonly number[];
  /** Absolute path with symbolic links resolved. */
  readonly file: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

export interface Gguf {
  /** Absolute path with symbolic links resolved. */
  readonly file: string;
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

const MAGIC = 0x46554747;
// The largest vocabularies known (256 thousand tokens with scores and merges) take about 20 MB.
const MAX_HEADER_BYTES = 256 << 20;
// The format allows arrays of arrays; no writer nests deeper than two.
const MAX_ARRAY_DEPTH = 4;
// Strings, booleans and nested lists become one object each; vocabularies stay below a million.
const MAX_OBJECTS = 1 << 24;
// The format's own limit.
const MAX_DIMENSIONS = 4;
const DEFAULT_ALIGNMENT = 32;
// Alignment serves pages and vectors; writers use 32.
const MAX_ALIGNMENT = 1 << 20;
// Arrays up to this length are settings (per layer, sections); longer ones are vocabulary.
const SETTING_LENGTH = 1024;
// key length, type, at least one byte of value
const LEAST_ENTRY_BYTES = 8 + 4 + 1;
// name length, dimension count, one dimension, type, offset
const LEAST_TENSOR_BYTES = 8 + 4 + 8 + 4 + 8;

const TYPE_NAMES: readonly (string | undefined)[] = Object.assign(new Array<string | undefined>(42), {
  ...['F32', 'F16', 'Q4_0', 'Q4_1', 'Q4_2', 'Q4_3', 'Q5_0', 'Q5_1', 'Q8_0', 'Q8_1', 'Q2_K', 'Q3_K', 'Q4_K', 'Q5_K'],
  14: 'Q6_K',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  20: 'IQ4_NL',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  28: 'F64',
  29: 'IQ1_M',
  30: 'BF16',
  31: 'Q4_0_4_4',
  32: 'Q4_0_4_8',
  33: 'Q4_0_8_8',
  34: 'TQ1_0',
  35: 'TQ2_0',
  36: 'IQ4_NL_4_4',
  37: 'IQ4_NL_4_8',
  38: 'IQ4_NL_8_8',
  39: 'MXFP4',
  40: 'NVFP4',
  41: 'Q1_0',
});

/** Bytes of the scalar value types 0-12; for strings (8) and arrays (9) the minimum. */
const VALUE_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8];

/** The header is longer than the bytes that were given. */
class NeedsBytes {
  readonly count: number;
  constructor(count: number) {
    this.count = count;
  }
}

/**
 * The header of a GGUF file (version 2 or 3, little-endian): metadata and where the tensors lie.
 *
 * @param bytes the first bytes of the file
 * @param options.file its absolute path or address, which each tensor then holds
 * @param options.size of the whole file
 * @param options.vocabulary false leaves out arrays longer than 1024 elements (tokens, merges,
 * scores), which is quicker
 * @param options.fail throws an error that names the file
 * @returns the header, or how many of the first bytes are needed where these are too few
 * @throws what `fail` throws when the file breaks the format
 */
export function parseGguf(
  bytes: Uint8Array,
  options: {
    readonly file: string;
    readonly size: number;
    readonly vocabulary: boolean;
    readonly fail: (what: string) => never;
  },
): Gguf | { readonly needs: number } {
  const { file, vocabulary } = options;
  try {
    const { tensors, ...header } = parseHeader(openCursor(bytes, options), vocabulary);
    return { file, ...header, tensors: new Map(tensors.map(tensor => [tensor.name, { ...tensor, file }])) };
  } catch (error) {
    if (error instanceof NeedsBytes) return { needs: error.count };
    throw error;
  }
}

interface Cursor {
  readonly size: number;
  readonly view: DataView;
  position(): number;
  fail(what: string): never;
  /** Moves on by `length` bytes; returns where they start. */
  take(length: number, what: string): number;
  u32(what: string): number;
  /** A count or length, at most `most`. */
  count(what: string, most: number): number;
  /** The next `length` bytes as text; bytes that are no UTF-8 become U+FFFD. */
  decode(length: number, what: string): string;
  /** A length, then so many bytes of text. */
  text(what: string): string;
}

function openCursor(
  bytes: Uint8Array,
  { size, fail }: { readonly size: number; readonly fail: (what: string) => never },
): Cursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let at = 0;
  const take = (length: number, what: string): number => {
    const end = at + length;
    if (end > bytes.length) {
      if (end > size) fail(`it ends inside ${what}; the file is truncated, fetch it again`);
      if (end > MAX_HEADER_BYTES) fail(`its header is longer than ${MAX_HEADER_BYTES} bytes`);
      throw new NeedsBytes(end);
    }
    const start = at;
    at = end;
    return start;
  };
  const count = (what: string, most: number): number => {
    const value = view.getBigUint64(take(8, what), true);
    if (value > most) fail(`${what} is ${value}, more than the ${Math.max(0, Math.floor(most))} there can be`);
    return Number(value);
  };
  const decode = (length: number, what: string): string => {
    const start = take(length, what);
    return decoder.decode(bytes.subarray(start, start + length));
  };
  return {
    size,
    view,
    position: () => at,
    fail,
    take,
    u32: what => view.getUint32(take(4, what), true),
    count,
    decode,
    text: what => decode(count(`the length of ${what}`, size - at - 8), what),
  };
}

/** A tensor of the file that is being read. */
type Outline = Omit<GgufTensor, 'file'>;

interface Header {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly Outline[];
}

function parseHeader(cursor: Cursor, vocabulary: boolean): Header {
  const { fail } = cursor;
  if (cursor.size < 4 || cursor.u32('the magic number') !== MAGIC) fail('it does not start with "GGUF"');
  const version = cursor.u32('the version');
  if ((version & 0xffff) === 0 && version !== 0) fail('it is written big-endian; convert it to little-endian');
  if (version !== 2 && version !== 3) {
    fail(`version ${version} is not supported, 2 and 3 are; convert it again with a current llama.cpp`);
  }
  const tensorCount = cursor.count('the number of tensors', cursor.size / LEAST_TENSOR_BYTES);
  const entryCount = cursor.count('the number of metadata entries', cursor.size / LEAST_ENTRY_BYTES);

  const metadata = new Map<string, GgufValue>();
  const keys = new Set<string>();
  for (let i = 0; i < entryCount; i++) {
    const key = cursor.text('a metadata key');
    if (keys.has(key)) fail(`the metadata key ${JSON.stringify(key)} appears twice`);
    keys.add(key);
    const type = cursor.u32(`the type of ${key}`);
    const value = readValue(cursor, type, key, { vocabulary, depth: 0 });
    if (value !== undefined) metadata.set(key, value);
  }
  return { version, metadata, tensors: readTensors(cursor, tensorCount, alignmentOf(cursor, metadata)) };
}

function alignmentOf(cursor: Cursor, metadata: ReadonlyMap<string, GgufValue>): number {
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  if (typeof alignment === 'number' && alignment > 0 && alignment % 8 === 0 && alignment <= MAX_ALIGNMENT) {
    return alignment;
  }
  return cursor.fail(`general.alignment is ${String(alignment)}; a multiple of 8 up to ${MAX_ALIGNMENT} is needed`);
}

interface ValueContext {
  readonly vocabulary: boolean;
  readonly depth: number;
}

function readValue(cursor: Cursor, type: number, key: string, context: ValueContext): GgufValue | undefined {
  const bytes = VALUE_BYTES[type];
  if (bytes === undefined) return cursor.fail(`the value of ${key} has the unknown type ${type}`);
  if (type === 8) return cursor.text(`the value of ${key}`);
  if (type === 9) return readArray(cursor, key, context);
  const start = cursor.take(bytes, `the value of ${key}`);
  return scalar(cursor.view, start, type);
}

function scalar(view: DataView, at: number, type: number): number | bigint | boolean {
  switch (type) {
    case 0:
      return view.getUint8(at);
    case 1:
      return view.getInt8(at);
    case 2:
      return view.getUint16(at, true);
    case 3:
      return view.getInt16(at, true);
    case 4:
      return view.getUint32(at, true);
    case 5:
      return view.getInt32(at, true);
    case 6:
      return view.getFloat32(at, true);
    case 7:
      return view.getUint8(at) !== 0;
    case 10:
      return exact(view.getBigUint64(at, true));
    case 11:
      return exact(view.getBigInt64(at, true));
    default:
      return view.getFloat64(at, true);
  }
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function readArray(cursor: Cursor, key: string, context: ValueContext): GgufValue | undefined {
  const { vocabulary, depth } = context;
  if (depth >= MAX_ARRAY_DEPTH) cursor.fail(`the value of ${key} nests arrays deeper than ${MAX_ARRAY_DEPTH}`);
  const type = cursor.u32(`the element type of ${key}`);
  const bytes = VALUE_BYTES[type];
  if (bytes === undefined) return cursor.fail(`the array ${key} has the unknown element type ${type}`);
  const left = cursor.size - cursor.position() - 8;
  const many = isNumeric(type) ? left / bytes : Math.min(MAX_OBJECTS, left / bytes);
  const length = cursor.count(`the length of ${key}`, many);
  const kept = vocabulary || length <= SETTING_LENGTH;
  if (isNumeric(type)) {
    const start = cursor.take(length * bytes, `the array ${key}`);
    return kept ? numbers(cursor.view, start, length, type) : undefined;
  }
  if (type === 8) return readTexts(cursor, key, length, kept);
  const items: GgufValue[] = [];
  for (let i = 0; i < length; i++) {
    const item = readValue(cursor, type, key, { vocabulary, depth: depth + 1 });
    if (item !== undefined) items.push(item);
  }
  return kept ? items : undefined;
}

// A vocabulary has a hundred thousand short strings, so that this loop makes no other objects.
function readTexts(cursor: Cursor, key: string, length: number, kept: boolean): readonly string[] | undefined {
  const what = `a string in ${key}`;
  const texts: string[] = [];
  for (let i = 0; i < length; i++) {
    const size = cursor.count(what, cursor.size);
    if (kept) texts.push(cursor.decode(size, what));
    else cursor.take(size, what);
  }
  return kept ? texts : undefined;
}

function isNumeric(type: number): boolean {
  return type <= 6 || type === 12;
}

const ARRAYS = new Map<number, new (buffer: ArrayBuffer) => GgufNumbers>([
  [0, Uint8Array],
  [1, Int8Array],
  [2, Uint16Array],
  [3, Int16Array],
  [4, Uint32Array],
  [5, Int32Array],
  [6, Float32Array],
  [12, Float64Array],
]);

function numbers(view: DataView, start: number, length: number, type: number): GgufNumbers {
  const from = view.byteOffset + start;
  const copy = new Uint8Array(view.buffer, from, length * VALUE_BYTES[type]!).slice();
  return new (ARRAYS.get(type)!)(copy.buffer);
}

function readTensors(cursor: Cursor, count: number, alignment: number): readonly Outline[] {
  const { fail } = cursor;
  const outlines: (Omit<Outline, 'offset'> & { readonly from: number })[] = [];
  const names = new Set<string>();
  for (let i = 0; i < count; i++) {
    const name = cursor.text('a tensor name');
    if (names.has(name)) fail(`the tensor ${JSON.stringify(name)} appears twice`);
    names.add(name);
    const dimensions = cursor.u32(`the dimensions of ${name}`);
    if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
      fail(`tensor ${name} has ${dimensions} dimensions; 1 to ${MAX_DIMENSIONS} are allowed`);
    }
    const shape: number[] = [];
    for (let d = 0; d < dimensions; d++) {
      const size = cursor.count(`a dimension of ${name}`, Number.MAX_SAFE_INTEGER);
      // With a product of zero, the other dimensions could have any size.
      if (size === 0) fail(`tensor ${name} has a dimension of 0; a tensor without values is not allowed`);
      shape.unshift(size);
    }
    const type = blockType(cursor, name);
    const from = cursor.count(`the offset of ${name}`, cursor.size);
    if (from % alignment !== 0) fail(`tensor ${name} starts at ${from}, no multiple of the alignment ${alignment}`);
    outlines.push({ name, type, shape, from, length: packedLength(cursor, name, type, shape) });
  }
  const dataStart = Math.ceil(cursor.position() / alignment) * alignment;
  const placed = outlines.map(({ from, ...tensor }) => ({ ...tensor, offset: dataStart + from }));
  let previous: Outline | undefined;
  for (const tensor of [...placed].sort((a, b) => a.offset - b.offset || a.length - b.length)) {
    const end = tensor.offset + tensor.length;
    if (end > cursor.size) {
      fail(`tensor ${tensor.name} ends at byte ${end}, the file at ${cursor.size}; it is truncated, fetch it again`);
    }
    if (previous !== undefined && previous.offset + previous.length > tensor.offset) {
      fail(`the tensors ${previous.name} and ${tensor.name} overlap`);
    }
    previous = tensor;
  }
  return placed;
}

function blockType(cursor: Cursor, tensor: string): BlockType {
  const id = cursor.u32(`the type of ${tensor}`);
  const name = TYPE_NAMES[id];
  if (name !== undefined && Object.hasOwn(BLOCK_FORMATS, name)) return name as BlockType;
  const known = Object.keys(BLOCK_FORMATS).join(', ');
  return cursor.fail(
    `tensor ${tensor} is stored as ${name ?? `unknown type ${id}`}; supported are ${known}, take the model in one of these`,
  );
}

function packedLength(cursor: Cursor, tensor: string, type: BlockType, shape: readonly number[]): number {
  const { values, bytes } = BLOCK_FORMATS[type];
  const row = shape.at(-1)!;
  if (row % values !== 0) {
    cursor.fail(`tensor ${tensor} has rows of ${row} values, no whole number of ${type} blocks of ${values}`);
  }
  const length = shape.reduce((product, size) => product * BigInt(size), BigInt(bytes)) / BigInt(values);
  if (length > cursor.size) {
    cursor.fail(`tensor ${tensor} of shape [${shape.join(', ')}] is larger than the file; it is damaged or truncated`);
  }
  return Number(length);
}
