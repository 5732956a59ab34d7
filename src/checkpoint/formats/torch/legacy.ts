/**
 * @file The format of `torch.save` before torch 1.6, and still with
 * `_use_new_zipfile_serialization=False`: five pickles one after the other (a magic number, a
 * version, facts of the machine, the value, the keys of its storages), then each storage in the
 * order of its key: 8 bytes with its count and its numbers, without alignment.
 */
import type { ByteSource } from '../../byte-source.ts';
import { MAX_PICKLE_BYTES, unpickleFirst } from './pickle.ts';
import type { PickleValue } from './pickle-values.ts';
import { type StoragePlace, storageOf, storageSize, torchBuilders } from './rebuild.ts';

const MAGIC = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const VERSION = 1001;
const COUNT_BYTES = 8;

type Fail = (what: string) => never;

/** Whether a file starts as this format does. */
export function isLegacyTorch(head: Uint8Array): boolean {
  return MAGIC.every((byte, i) => head[i] === byte);
}

/**
 * The value that such a file holds.
 *
 * @throws what `fail` throws, when the file is damaged or from a big-endian machine
 */
export async function readLegacyTorch(source: ByteSource, fail: Fail): Promise<PickleValue> {
  const { size } = source;
  const head = await source.read(0, Math.min(size, MAX_PICKLE_BYTES));
  let at = 0;
  const plain = { fail, build: new Map(), persistent: () => fail('a storage is outside of its value') };
  const next = (rules: Parameters<typeof unpickleFirst>[1] = plain): PickleValue => {
    const { value, end } = unpickleFirst(head.subarray(at), rules);
    at += end;
    return value;
  };
  next();
  if (next() !== VERSION) fail(`its version is not ${VERSION}`);
  const machine = next();
  if (!(machine instanceof Map) || machine.get('little_endian') !== true) fail('it is not little-endian');

  // The offsets of the storages follow from their sizes, which are part of the value, so that it is
  // read twice.
  const start = at;
  const ids: PickleValue[] = [];
  next({ fail, build: new Map(), persistent: id => ids.push(id) });
  const end = at;
  const entries = await places(next(), ids, size);
  at = start;
  const value = next({
    fail,
    build: torchBuilders(fail),
    persistent: id => storageOf(id, key => entries.get(key), fail),
  });
  return at === end ? value : fail('its value does not end where it ended before');

  async function places(keys: PickleValue, ids: readonly PickleValue[], size: number) {
    if (!Array.isArray(keys)) return fail('the keys of its storages are no list');
    const sizes = new Map<PickleValue, ReturnType<typeof storageSize>>();
    for (const id of ids) {
      const told = storageSize(id, fail);
      sizes.set(told.key, told);
    }
    const found = new Map<string, StoragePlace>();
    for (const key of keys) {
      const told = sizes.get(key);
      if (typeof key !== 'string' || told === undefined) return fail('it holds a storage that its value does not name');
      const count = await source.read(at, COUNT_BYTES);
      if (new DataView(count.buffer).getBigInt64(0, true) !== BigInt(told.count))
        fail(`storage ${JSON.stringify(key)} has another count than its value says`);
      const [offset, length] = [at + COUNT_BYTES, told.count * told.itemBytes];
      found.set(key, { name: key, offset, length });
      at = offset + length;
    }
    if (at !== size) fail(`its storages end at byte ${at}, the file at byte ${size}`);
    return found;
  }
}
