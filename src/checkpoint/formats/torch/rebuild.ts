import type { PickleRules } from './pickle.ts';
import { describePickle, isKind, type PickleValue } from './pickle-values.ts';
import type { TorchStorage, TorchTensor } from './values.ts';

// The limit of torch.
const MAX_DIMENSIONS = 64;

/** Storage classes: the type in safetensors, and bytes per number. */
const STORAGES: ReadonlyMap<string, readonly [dtype: string, itemBytes: number]> = new Map([
  ['torch.FloatStorage', ['F32', 4]],
  ['torch.HalfStorage', ['F16', 2]],
  ['torch.BFloat16Storage', ['BF16', 2]],
  ['torch.DoubleStorage', ['F64', 8]],
  ['torch.LongStorage', ['I64', 8]],
  ['torch.IntStorage', ['I32', 4]],
  ['torch.ShortStorage', ['I16', 2]],
  ['torch.CharStorage', ['I8', 1]],
  ['torch.ByteStorage', ['U8', 1]],
  ['torch.BoolStorage', ['BOOL', 1]],
  ['torch.ComplexFloatStorage', ['C64', 8]],
  ['torch.ComplexDoubleStorage', ['C128', 16]],
]);

type Fail = (what: string) => never;

/** The implemented calls of a `torch.save` pickle. All others are recorded. */
export function torchBuilders(fail: Fail): PickleRules['build'] {
  const tensor = (args: readonly PickleValue[]) => viewOf(args, fail);
  const first = ([value]: readonly PickleValue[]) => value;
  return new Map([
    ['torch._utils._rebuild_tensor', tensor],
    ['torch._utils._rebuild_tensor_v2', tensor],
    ['torch._utils._rebuild_parameter', first],
    ['torch._utils._rebuild_parameter_with_state', first],
    ['torch.Size', first],
    ['collections.OrderedDict', orderedDictionary],
  ]);
}

/** A range of bytes in a file. */
export interface StoragePlace {
  readonly name: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/**
 * The storage that a persistent id `('storage', class, key, device, count)` refers to, with its
 * numbers at the place of its key. A storage of an unknown class is recorded.
 */
export function storageOf(
  id: PickleValue,
  placeOf: (key: string) => StoragePlace | undefined,
  fail: Fail,
): TorchStorage | PickleValue {
  const { type, key, count } = storageId(id, fail);
  const known = STORAGES.get(type);
  if (known === undefined) return { kind: 'object', of: type, args: id, state: undefined, items: new Map() };
  const [dtype, itemBytes] = known;
  const place = placeOf(key);
  if (place === undefined) return fail(`there is no entry data/${JSON.stringify(key).slice(1, -1)} for a storage`);
  if (place.length !== count * itemBytes) {
    return fail(
      `a storage of ${count} ${dtype} cannot be entry ${JSON.stringify(place.name)} of ${place.length} bytes`,
    );
  }
  return { kind: 'storage', dtype, itemBytes, count, offset: place.offset } satisfies TorchStorage;
}

/** Key and size of the storage that a persistent id refers to, which must be of a known class. */
export function storageSize(
  id: PickleValue,
  fail: Fail,
): { readonly key: string; readonly count: number; readonly itemBytes: number } {
  const { type, key, count } = storageId(id, fail);
  const [, itemBytes] = STORAGES.get(type) ?? fail(`a storage of class ${JSON.stringify(type)} is not known`);
  return { key, count, itemBytes };
}

function storageId(id: PickleValue, fail: Fail) {
  const [word, type, key, , count, view] = isKind(id, 'tuple') ? id.items : [];
  // Until torch 0.4 a storage could be a part of another one.
  const whole = view === undefined || view === null;
  if (word !== 'storage' || !isKind(type, 'global') || typeof key !== 'string' || !isCount(count) || !whole) {
    return fail(`${describePickle(id)} found where a storage is expected`);
  }
  return { type: type.name, key, count };
}

/** `(storage, offset, shape, strides, ...)`; offset and strides count numbers. */
function viewOf([storage, offset, size, stride]: readonly PickleValue[], fail: Fail): TorchTensor | undefined {
  if (isKind(storage, 'object')) return undefined;
  const [shape, strides] = [countsOf(size), countsOf(stride)];
  if (!isKind(storage, 'storage') || !isCount(offset) || shape === undefined || strides === undefined) {
    return fail('a tensor is made of something else than storage, offset, shape and strides');
  }
  if (shape.length !== strides.length || shape.length > MAX_DIMENSIONS) {
    return fail(`a tensor with ${shape.length} dimensions and ${strides.length} strides`);
  }
  const { dtype, itemBytes, count } = storage;
  const numbers = shape.reduce((product, n) => product * BigInt(n), 1n);
  const reach = shape.reduce((sum, n, i) => sum + BigInt(n - 1) * BigInt(strides[i]!), BigInt(offset) + 1n);
  if (numbers === 0n ? offset > count : reach > BigInt(count)) {
    return fail(
      `a tensor of shape [${shape.join(', ')}] with strides [${strides.join(', ')}] at ${offset} leaves its storage of ${count} numbers`,
    );
  }
  const contiguous = numbers === 0n || isRowMajor(shape, strides);
  // An expanded view has more elements than numbers.
  const length = contiguous ? Number(numbers) * itemBytes : Number(reach - BigInt(offset)) * itemBytes;
  return { kind: 'tensor', dtype, shape, strides, contiguous, offset: storage.offset + offset * itemBytes, length };
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== step) return false;
    step *= shape[i]!;
  }
  return true;
}

/** `OrderedDict()`, or with a list of pairs as Python 2 wrote it. */
function orderedDictionary([pairs]: readonly PickleValue[]): PickleValue | undefined {
  if (pairs === undefined) return new Map();
  if (!Array.isArray(pairs)) return undefined;
  const dictionary = new Map<PickleValue, PickleValue>();
  for (const pair of pairs) {
    const items = isKind(pair, 'tuple') ? pair.items : pair;
    if (!Array.isArray(items) || items.length !== 2) return undefined;
    dictionary.set(items[0]!, items[1]!);
  }
  return dictionary;
}

function countsOf(value: PickleValue | undefined): readonly number[] | undefined {
  if (!isKind(value, 'tuple')) return undefined;
  return value.items.every(isCount) ? (value.items as readonly number[]) : undefined;
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
