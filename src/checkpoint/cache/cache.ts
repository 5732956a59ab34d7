import { createHash } from 'node:crypto';
import { type FileHandle, readdir, readFile, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../../error.ts';
import { removeAbandoned, writeAtomically, writeFully } from '../../files/atomic-file.ts';
import { cacheDirectory, makeCacheFolder } from '../../files/cache-directory.ts';
import { type ByteProgress, sha256 } from '../../files/digest.ts';
import { errorCode, readExactly, withFile } from '../../files/file-bytes.ts';
import type { TensorLocation } from '../checkpoint.ts';
import { splitByUse } from '../formats/safetensors/header.ts';
import { layOutSafetensors } from '../formats/safetensors/layout.ts';
import { readSafetensorsHeader } from '../sources/read-safetensors.ts';

/** Raised whenever the same source would be unpacked or described differently. */
const FORMAT_VERSION = 1;
// One cache line, and enough for every vector instruction.
const ALIGNMENT = 64;

/** Unpacked weights in the cache, with the configuration that came with them. */
export interface CachedWeights {
  readonly file: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, TensorLocation>;
}

/** A weight to be unpacked, piece by piece in the order of its bytes. */
export interface WeightToCache {
  readonly name: string;
  readonly shape: readonly number[];
  readonly pieces: () => AsyncIterable<Float32Array>;
}

/** The record beside a weight file, by which it is verified. */
interface CacheRecord {
  readonly format: number;
  /** Of the source. */
  readonly source: string;
  readonly bytes: number;
  /** Of the whole weight file. */
  readonly sha256: string;
  /** Of its length prefix and header. */
  readonly headerSha256: string;
  readonly mtimeNs: string;
}

/** The folder of all unpacked weights. */
export function weightsDirectory(): string {
  return join(cacheDirectory(), 'weights');
}

function weightFile(digest: string): string {
  return join(weightsDirectory(), `${digest}.f32.v${FORMAT_VERSION}.safetensors`);
}

function recordFile(file: string): string {
  return `${file}.json`;
}

/**
 * The unpacked weights of a source with this digest, or undefined when there are none. Size and
 * header are checked against the record; a file whose time stamp differs from the record's is read
 * whole and its SHA-256 compared. A damaged file is renamed to `*.damaged` and counts as absent.
 */
export async function openCachedWeights(digest: string): Promise<CachedWeights | undefined> {
  const file = weightFile(digest);
  const record = await readRecord(file);
  if (record === undefined || record.source !== digest) return undefined;
  const damage = await findDamage(file, record, 'quick').catch(reasonOf);
  if (damage === 'absent') return undefined;
  if (damage !== undefined) {
    await setAside(file);
    return undefined;
  }
  return describe(file);
}

/**
 * Unpacks weights into the cache: float32 in one safetensors file, tensors aligned to 64 bytes,
 * written under a temporary name, synced to disk, then renamed. Several processes may do so at
 * once.
 *
 * @throws UserError when the disk refuses or is too small, naming the path and the bytes needed.
 */
export async function cacheWeights(
  digest: string,
  model: { readonly config: Readonly<Record<string, unknown>>; readonly weights: readonly WeightToCache[] },
  onProgress?: ByteProgress,
): Promise<CachedWeights> {
  const file = weightFile(digest);
  const outlines = model.weights.map(weight => ({
    ...weight,
    dtype: 'F32',
    length: 4 * weight.shape.reduce((product, size) => product * size, 1),
  }));
  const metadata = {
    format: `dualform.weights/${FORMAT_VERSION}`,
    source: digest,
    config: JSON.stringify(model.config),
  };
  const layout = layOutSafetensors(outlines, { alignment: ALIGNMENT, metadata });
  await makeCacheFolder(weightsDirectory());
  try {
    const record = await writeAtomically(file, layout.totalBytes, async handle => {
      await requireSpace(file, layout.totalBytes);
      const hash = createHash('sha256').update(layout.header);
      await writeFully(handle, layout.header, 0);
      for (const { tensor, offset } of layout.placed) {
        const end = await writePieces(handle, tensor, offset, (bytes, done) => {
          hash.update(bytes);
          onProgress?.(done, layout.totalBytes);
        });
        if (end !== offset + tensor.length)
          throw new Error(`${tensor.name}: unpacked ${end - offset} of ${tensor.length} bytes`);
      }
      await handle.sync();
      const { mtimeNs } = await handle.stat({ bigint: true });
      return {
        format: FORMAT_VERSION,
        source: digest,
        bytes: layout.totalBytes,
        sha256: hash.digest('hex'),
        headerSha256: createHash('sha256').update(layout.header).digest('hex'),
        mtimeNs: `${mtimeNs}`,
      };
    });
    await writeRecord(file, record);
  } catch (error) {
    // Windows does not allow replacing a file that another process has open; that file is as good.
    const other = error instanceof UserError ? await openCachedWeights(digest) : undefined;
    if (other === undefined) throw error;
    return other;
  }
  return describe(file);
}

// The next piece is unpacked while the last one is being written.
async function writePieces(
  handle: FileHandle,
  weight: WeightToCache,
  offset: number,
  onPiece: (bytes: Uint8Array, end: number) => void,
): Promise<number> {
  let end = offset;
  let writing: Promise<void> = Promise.resolve();
  for await (const piece of weight.pieces()) {
    const bytes = new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
    await writing;
    writing = writeFully(handle, bytes, end);
    // Awaited above or below; until then an error of the disk must not count as an unhandled
    // rejection.
    writing.catch(() => undefined);
    end += bytes.length;
    onPiece(bytes, end);
  }
  await writing;
  return end;
}

async function requireSpace(file: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(file));
  const free = bavail * bsize;
  if (free >= needed) return;
  throw new UserError(
    `${file}: ${needed} bytes are needed for the unpacked weights, the disk has ${free} free; free some space or set DUALFORM_CACHE`,
  );
}

async function describe(file: string): Promise<CachedWeights> {
  const { tensors, metadata } = await readSafetensorsHeader(file);
  const { weights } = splitByUse(tensors.values());
  const config = JSON.parse(metadata.get('config') ?? '{}') as Record<string, unknown>;
  return { file, config, tensors: weights };
}

async function readRecord(file: string): Promise<CacheRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(recordFile(file), 'utf8')) as CacheRecord;
    const texts = [record.source, record.sha256, record.headerSha256, record.mtimeNs];
    const whole = texts.every(text => typeof text === 'string') && Number.isSafeInteger(record.bytes);
    return whole && record.format === FORMAT_VERSION ? record : undefined;
  } catch {
    return undefined;
  }
}

async function writeRecord(file: string, record: CacheRecord): Promise<void> {
  const text = JSON.stringify(record);
  await writeAtomically(recordFile(file), text.length, handle => handle.writeFile(text));
}

/** The damage of a weight file, undefined if there is none. */
async function findDamage(file: string, record: CacheRecord, depth: 'quick' | 'full'): Promise<string | undefined> {
  return withFile(file, async (handle, size) => {
    if (size !== record.bytes) return `it has ${size} bytes, its record says ${record.bytes}`;
    const prefix = Buffer.alloc(8);
    await readExactly(handle, file, prefix, 0);
    const headerBytes = Number(prefix.readBigUInt64LE()) + 8;
    if (headerBytes > size) return 'its header is damaged';
    const header = new Uint8Array(headerBytes);
    await readExactly(handle, file, header, 0);
    if (createHash('sha256').update(header).digest('hex') !== record.headerSha256) return 'its header is damaged';
    const mtimeNs = `${(await handle.stat({ bigint: true })).mtimeNs}`;
    if (depth === 'quick' && mtimeNs === record.mtimeNs) return undefined;
    if ((await sha256(handle, size)) !== record.sha256) return 'its SHA-256 differs from the record';
    if (mtimeNs !== record.mtimeNs) await writeRecord(file, { ...record, mtimeNs }).catch(() => undefined);
    return undefined;
  });
}

// Unexpected content is damage; an error of the disk or system is not.
function reasonOf(error: unknown): string {
  if (!(error instanceof UserError)) throw error;
  if (error.cause === undefined) return error.message;
  if (errorCode(error.cause) === 'ENOENT') return 'absent';
  throw error;
}

async function setAside(file: string): Promise<void> {
  await rm(recordFile(file), { force: true });
  await rename(file, `${file}.damaged`).catch(() => rm(file, { force: true }));
}

/** The state of one weight file of the cache. */
export interface CacheReport {
  readonly file: string;
  readonly bytes: number;
  /** Undefined if every byte is as it was written. */
  readonly damage: string | undefined;
}

/**
 * Reads every weight file of the cache whole and compares its SHA-256 with the one recorded when it
 * was written.
 *
 * @param options.setAside renames damaged files, so that the weights are unpacked again when
 * needed, and removes temporary files of killed processes.
 */
export async function verifyCache(options: { readonly setAside?: boolean } = {}): Promise<CacheReport[]> {
  const folder = weightsDirectory();
  const names = await readdir(folder).catch(() => []);
  const reports: CacheReport[] = [];
  for (const name of names.filter(each => each.endsWith('.safetensors') && !each.startsWith('.')).sort()) {
    const file = join(folder, name);
    const record = await readRecord(file);
    const bytes = await withFile(file, async (_, size) => size).catch(() => 0);
    const damage =
      record === undefined
        ? 'its record is missing or damaged'
        : await findDamage(file, record, 'full').catch(reasonOf);
    reports.push({ file, bytes, damage });
    if (damage !== undefined && options.setAside) await setAside(file);
  }
  if (options.setAside) await removeAbandoned(folder).catch(() => undefined);
  return reports;
}
