import { crc32 } from 'node:zlib';
import { UserError } from '../../../error.ts';
import { readExactly, realPath, withFile } from '../../../files/file-bytes.ts';
import { isStoredType, type TensorLocation } from '../../checkpoint.ts';
import { storageOf, torchBuilders } from './build.ts';
import { isLegacyTorch, readLegacyTorch } from './legacy.ts';
import { MAX_PICKLE_BYTES, unpickle } from './pickle.ts';
import { describePickle, isKind, type PickleValue } from './pickle-values.ts';
import type { TorchTensor } from './values.ts';
import { readZipEntries, type ZipEntry } from './zip.ts';

/** What `torch.save` wrote. Tensors in it say where their numbers lie. */
export interface TorchFile {
  /** Absolute path with symbolic links resolved. */
  readonly file: string;
  readonly value: PickleValue;
}

/** The tensors of a state dictionary. */
export interface TorchTensors {
  /** Those that can be weights, their numbers in order. */
  readonly weights: ReadonlyMap<string, TensorLocation>;
  /** Those that can be weights once their numbers are put in order (`dense-views.ts`). */
  readonly views: ReadonlyMap<string, StridedView>;
  /** All else that has a name in it, but single numbers and texts: name to what it is. */
  readonly others: ReadonlyMap<string, string>;
}

/** A weight whose numbers lie in another order than row by row, as those of a transposed matrix. */
export interface StridedView extends TensorLocation {
  /** Numbers from one index to the next, for each dimension. `length` reaches from the first number to the last. */
  readonly strides: readonly number[];
}

/**
 * Reads a file of `torch.save` without Python: nothing that its pickles name is called, and the numbers of tensors stay where they
 * are. torch 1.6 and later write a zip archive with a pickle in it, earlier ones several pickles (`torch-legacy.ts`).
 *
 * @throws UserError when the file is damaged, of a yet older format, or big-endian.
 */
export async function readTorchFile(file: string): Promise<TorchFile> {
  const path = await realPath(file);
  const fail = (what: string): never => {
    throw new UserError(`${file}: not a valid file of torch.save: ${what}; fetch or write it again`);
  };
  if ((await formatOf(path, file)) === 'legacy') return { file: path, value: await readLegacyTorch(path, fail) };
  const entries = await readZipEntries(path);
  const root = archiveRoot(entries, file, fail);
  const order = entries.get(`${root}byteorder`);
  if (order !== undefined) await checkByteOrder(path, order, file);

  const pickle = entries.get(`${root}data.pkl`)!;
  if (pickle.length > MAX_PICKLE_BYTES) fail(`data.pkl has ${pickle.length} bytes, ${MAX_PICKLE_BYTES} are allowed`);
  const bytes = await bytesOf(path, pickle);
  if (crc32(bytes) !== pickle.crc32) fail('data.pkl has another checksum than the archive says');
  const value = unpickle(bytes, {
    fail,
    build: torchBuilders(fail),
    persistent: id => storageOf(id, key => entries.get(`${root}data/${key}`), fail),
  });
  return { file: path, value };
}

/**
 * The tensors of a state dictionary, by their names in it. Single numbers and texts are left out: they are no weights, and torch does
 * not look at them either.
 *
 * @throws UserError when a name is no text.
 */
export function stateTensors(file: string, state: ReadonlyMap<PickleValue, PickleValue>): TorchTensors {
  const weights = new Map<string, TensorLocation>();
  const views = new Map<string, StridedView>();
  const others = new Map<string, string>();
  for (const [name, value] of state) {
    if (typeof name !== 'string') {
      throw new UserError(`${file}: ${describePickle(name)} stands where the name of a tensor is expected`);
    }
    if (value === null || ['number', 'bigint', 'boolean', 'string'].includes(typeof value)) continue;
    if (!isKind(value, 'tensor')) others.set(name, describePickle(value));
    else if (!isStoredType(value.dtype)) others.set(name, value.dtype);
    else if (value.contiguous) weights.set(name, locate(file, name, { ...value, dtype: value.dtype }));
    else if (isLargerThanStored(value)) others.set(name, `a view with strides [${value.strides.join(', ')}]`);
    else views.set(name, { ...locate(file, name, { ...value, dtype: value.dtype }), strides: value.strides });
  }
  return { weights, views, others };
}

// Masks are expanded views, often of numbers by the square of the context: they are no weights, and not worth a copy.
const MOST_EXPANDED = 1 << 26;

/** Whether a view names numbers more than once, and many in all. */
function isLargerThanStored({ shape, strides }: TorchTensor): boolean {
  return strides.includes(0) && shape.reduce((product, size) => product * size, 1) > MOST_EXPANDED;
}

function locate(
  file: string,
  name: string,
  { dtype, shape, offset, length }: TorchTensor & Pick<TensorLocation, 'dtype'>,
): TensorLocation {
  return { name, dtype, shape, file, offset, length };
}

const TAR_MAGIC_AT = 257;

async function formatOf(path: string, file: string): Promise<'zip' | 'legacy'> {
  const head = await withFile(path, async (handle, size) => {
    const bytes = Buffer.alloc(Math.min(size, TAR_MAGIC_AT + 5));
    await readExactly(handle, path, bytes, 0);
    return bytes;
  });
  if (head.toString('latin1', 0, 4) === 'PK\x03\x04') return 'zip';
  if (isLegacyTorch(head)) return 'legacy';
  throw new UserError(
    head.toString('latin1', TAR_MAGIC_AT) === 'ustar'
      ? `${file}: written by torch before 0.1.10, in a format that is not supported; load and save it with a later torch`
      : `${file}: not a file of torch.save (it does not start as a zip archive, nor as the pickles of torch before 1.6); fetch or write it again`,
  );
}

/** The folder of the archive that everything stands in, with its slash. */
function archiveRoot(entries: ReadonlyMap<string, ZipEntry>, file: string, fail: (what: string) => never): string {
  const roots = [...entries.keys()].filter(name => /^[^/]+\/data\.pkl$/.test(name));
  if (roots.length !== 1) fail(roots.length === 0 ? 'it holds no data.pkl' : 'it holds more than one data.pkl');
  const root = roots[0]!.slice(0, -'data.pkl'.length);
  if (entries.has(`${root}constants.pkl`)) {
    throw new UserError(
      `${file}: a TorchScript program, which is not supported; give the file of its state dictionary`,
    );
  }
  return root;
}

async function checkByteOrder(path: string, entry: ZipEntry, file: string): Promise<void> {
  const order = entry.length > 'little'.length ? '' : Buffer.from(await bytesOf(path, entry)).toString('latin1');
  if (order === 'little') return;
  throw new UserError(
    `${file}: its byte order is ${order === 'big' ? 'big-endian' : 'not known'}, which is not supported; save it on a little-endian machine`,
  );
}

async function bytesOf(path: string, { offset, length }: ZipEntry): Promise<Uint8Array> {
  return withFile(path, async handle => {
    const bytes = new Uint8Array(length);
    await readExactly(handle, path, bytes, offset);
    return bytes;
  });
}
