import type { PickleRules } from './pickle.ts';
import { describePickle, isKind, type PickleValue } from './pickle-values.ts';
import type { TorchStorage, TorchTensor } from './torch-values.ts';
import type { ZipEntry } from './zip.ts';

// torch's own cap.
const MAX_DIMENSIONS = 64;

/** Storage classes: what a number is called in safetensors, and its bytes. */
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

/** The calls that a `torch.save` pickle may make and have understood. All others stay written down. */
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

/**
 * The storage that a persistent id means: `('storage', class, key, device, count)`, with its numbers in `data/key` of the
 * archive. A storage of a class that is not known stays written down.
 */
export function storageOf(id: PickleValue, entry: (key: string) => ZipEntry | undefined, fail: Fail): PickleValue {
  const [word, type, key, , count] = isKind(id, 'tuple') ? id.items : [];
  if (word !== 'storage' || !isKind(type, 'global') || typeof key !== 'string' || !isCount(count)) {
    return fail(`${describePickle(id)} stands where a storage is expected`);
  }
  const known = STORAGES.get(type.name);
  if (known === undefined) {
    return { kind: 'object', of: type.name, args: id, state: undefined, items: new Map() };
  }
  const [dtype, itemBytes] = known;
  const place = entry(key);
  if (place === undefined) return fail(`there is no entry data/${JSON.stringify(key).slice(1, -1)} for a storage`);
  if (place.length !== count * itemBytes) {
    return fail(
      `a storage of ${count} ${dtype} cannot be entry ${JSON.stringify(place.name)} of ${place.length} bytes`,
    );
  }
  return { kind: 'storage', dtype, itemBytes, count, offset: place.offset } satisfies TorchStorage;
}

/** `(storage, offset, shape, strides, ...)`, counted in numbers. */
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
  // An expanded view names more numbers than there are; it has no bytes of its own.
  const length = contiguous ? Number(numbers) * itemBytes : 0;
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
