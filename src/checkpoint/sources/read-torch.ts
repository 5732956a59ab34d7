import { crc32 } from 'node:zlib';
import { UserError } from '../../error.ts';
import { realPath } from '../../files/file-bytes.ts';
import type { ByteSource } from '../byte-source.ts';
import type { TensorLocation } from '../checkpoint.ts';
import { isLegacyTorch, readLegacyTorch } from '../formats/torch/legacy.ts';
import { MAX_PICKLE_BYTES, unpickle } from '../formats/torch/pickle.ts';
import { describePickle, type PickleValue } from '../formats/torch/pickle-values.ts';
import { storageOf, torchBuilders } from '../formats/torch/rebuild.ts';
import { type StridedView, stateTensors, type TorchTensors } from '../formats/torch/state-tensors.ts';
import { readZipEntries, type ZipEntry } from '../formats/torch/zip.ts';
import { withFileSource } from './file-source.ts';
import { readShardIndex } from './read-shards.ts';

/** The value in a file of `torch.save`. Its tensors tell where their numbers lie. */
export interface TorchFile {
  /** Absolute path with symbolic links resolved. */
  readonly file: string;
  readonly value: PickleValue;
}

/**
 * Reads a file of `torch.save` without Python: no callable that its pickles name is called, and the
 * numbers of tensors are not read. torch 1.6 and later write a zip archive with a pickle in it,
 * earlier versions several pickles (`legacy.ts`).
 *
 * @throws UserError when the file is damaged, of a still older format, or big-endian.
 */
export async function readTorchFile(file: string): Promise<TorchFile> {
  const path = await realPath(file);
  const fail = (what: string): never => {
    throw new UserError(`${file}: not a valid file of torch.save: ${what}; fetch or write it again`);
  };
  const value = await withFileSource(path, async source =>
    (await formatOf(source, file)) === 'legacy' ? readLegacyTorch(source, fail) : readArchive(source, file, fail),
  );
  return { file: path, value };
}

/** The value of the pickle in a zip archive. */
async function readArchive(source: ByteSource, file: string, fail: (what: string) => never): Promise<PickleValue> {
  const entries = await readZipEntries(source, what => {
    throw new UserError(`${file}: not a valid zip archive: ${what}; fetch or write it again`);
  });
  const root = archiveRoot(entries, file, fail);
  const order = entries.get(`${root}byteorder`);
  if (order !== undefined) await checkByteOrder(source, order, file);

  const pickle = entries.get(`${root}data.pkl`)!;
  if (pickle.length > MAX_PICKLE_BYTES) fail(`data.pkl has ${pickle.length} bytes, ${MAX_PICKLE_BYTES} are allowed`);
  const bytes = await source.read(pickle.offset, pickle.length);
  if (crc32(bytes) !== pickle.crc32) fail('data.pkl has another checksum than the archive says');
  return unpickle(bytes, {
    fail,
    build: torchBuilders(fail),
    persistent: id => storageOf(id, key => entries.get(`${root}data/${key}`), fail),
  });
}

const TAR_MAGIC_AT = 257;

async function formatOf(source: ByteSource, file: string): Promise<'zip' | 'legacy'> {
  const head = Buffer.from(await source.read(0, Math.min(source.size, TAR_MAGIC_AT + 5)));
  if (head.toString('latin1', 0, 4) === 'PK\x03\x04') return 'zip';
  if (isLegacyTorch(head)) return 'legacy';
  throw new UserError(
    head.toString('latin1', TAR_MAGIC_AT) === 'ustar'
      ? `${file}: written by torch before 0.1.10, in a format that is not supported; load and save it with a later torch`
      : `${file}: not a file of torch.save (it does not start as a zip archive, nor as the pickles of torch before 1.6); fetch or write it again`,
  );
}

/** The top folder of the archive, with its slash. */
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

async function checkByteOrder(source: ByteSource, { offset, length }: ZipEntry, file: string): Promise<void> {
  const known = length <= 'little'.length;
  const order = known ? Buffer.from(await source.read(offset, length)).toString('latin1') : '';
  if (order === 'little') return;
  throw new UserError(
    `${file}: its byte order is ${order === 'big' ? 'big-endian' : 'not known'}, which is not supported; save it on a little-endian machine`,
  );
}

/**
 * The weights of a state dictionary, as transformers saves it in `pytorch_model.bin`.
 *
 * @throws UserError when the file is damaged or holds something else
 */
export async function readState(file: string): Promise<TorchTensors> {
  const { file: path, value } = await readTorchFile(file);
  if (value instanceof Map) return stateTensors(path, value);
  throw new UserError(`${file}: holds ${describePickle(value)}, not a state dictionary`);
}

/**
 * The weights in all files that `pytorch_model.bin.index.json` names.
 *
 * @throws UserError as `readShardIndex` and `readState`
 */
export async function readStateIndex(indexFile: string): Promise<TorchTensors & { readonly files: readonly string[] }> {
  const { tensors, files } = await readShardIndex(indexFile, async shard => byName(await readState(shard)));
  const weights = new Map<string, TensorLocation>();
  const views = new Map<string, StridedView>();
  const others = new Map<string, string>();
  for (const [name, entry] of tensors) {
    if (typeof entry === 'string') others.set(name, entry);
    else if ('strides' in entry) views.set(name, entry);
    else weights.set(name, entry);
  }
  return { weights, views, others, files };
}

/** A weight, a strided view, or the type of anything else with a name. */
type Named = TensorLocation | StridedView | string;

function byName({ weights, views, others }: TorchTensors): ReadonlyMap<string, Named> {
  return new Map<string, Named>([...weights, ...views, ...others]);
}
