import { crc32 } from 'node:zlib';
import { UserError } from '../error.ts';
import { isStoredType, type TensorLocation } from './checkpoint.ts';
import { readExactly, realPath, withFile } from './file-bytes.ts';
import { MAX_PICKLE_BYTES, unpickle } from './pickle.ts';
import { describePickle, isKind, type PickleValue } from './pickle-values.ts';
import { storageOf, torchBuilders } from './torch-build.ts';
import type { TorchTensor } from './torch-values.ts';
import { readZipEntries, type ZipEntry } from './zip.ts';

/** What `torch.save` wrote. Tensors in it say where their numbers lie. */
export interface TorchFile {
  /** Absolute path with symbolic links resolved. */
  readonly file: string;
  readonly value: PickleValue;
}

/** The tensors of a state dictionary. */
export interface TorchTensors {
  /** Those that can be weights. */
  readonly weights: ReadonlyMap<string, TensorLocation>;
  /** All else that has a name in it: name to what it is. */
  readonly others: ReadonlyMap<string, string>;
}

/**
 * Reads a file of `torch.save` (torch 1.6 and later: a zip archive with a pickle in it) without Python: nothing that the
 * pickle names is called, and the numbers of tensors stay where they are.
 *
 * @throws UserError when the file is damaged, of an older format, or big-endian.
 */
export async function readTorchFile(file: string): Promise<TorchFile> {
  const path = await realPath(file);
  const fail = (what: string): never => {
    throw new UserError(`${file}: not a valid file of torch.save: ${what}; fetch or write it again`);
  };
  await checkMagic(path, file);
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
 * The tensors of a state dictionary, by their names in it.
 *
 * @throws UserError when a name is no text.
 */
export function stateTensors(file: string, state: ReadonlyMap<PickleValue, PickleValue>): TorchTensors {
  const weights = new Map<string, TensorLocation>();
  const others = new Map<string, string>();
  for (const [name, value] of state) {
    if (typeof name !== 'string') {
      throw new UserError(`${file}: ${describePickle(name)} stands where the name of a tensor is expected`);
    }
    if (!isKind(value, 'tensor')) others.set(name, describePickle(value));
    else if (!isStoredType(value.dtype)) others.set(name, value.dtype);
    else if (!value.contiguous) others.set(name, `a view with strides [${value.strides.join(', ')}]`);
    else weights.set(name, locate(file, name, { ...value, dtype: value.dtype }));
  }
  return { weights, others };
}

function locate(
  file: string,
  name: string,
  { dtype, shape, offset, length }: TorchTensor & Pick<TensorLocation, 'dtype'>,
): TensorLocation {
  return { name, dtype, shape, file, offset, length };
}

const LEGACY = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const TAR_MAGIC_AT = 257;

async function checkMagic(path: string, file: string): Promise<void> {
  const head = await withFile(path, async (handle, size) => {
    const bytes = Buffer.alloc(Math.min(size, TAR_MAGIC_AT + 5));
    await readExactly(handle, path, bytes, 0);
    return bytes;
  });
  if (head.toString('latin1', 0, 4) === 'PK\x03\x04') return;
  const old = LEGACY.every((byte, i) => head[i] === byte) || head.toString('latin1', TAR_MAGIC_AT) === 'ustar';
  throw new UserError(
    old
      ? `${file}: written by torch before 1.6, in a format that is not supported; load and save it with a later torch`
      : `${file}: not a file of torch.save (it does not start as a zip archive); fetch or write it again`,
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
