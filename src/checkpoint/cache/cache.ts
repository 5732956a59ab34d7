import { createHash } from 'node:crypto';
import { type FileHandle, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../../error.ts';
import { writeAtomically, writeFully } from '../../files/atomic-file.ts';
import { makeCacheFolder } from '../../files/cache-directory.ts';
import type { ByteProgress } from '../../files/digest.ts';
import type { TensorLocation } from '../checkpoint.ts';
import { splitByUse } from '../formats/safetensors/header.ts';
import { layOutSafetensors } from '../formats/safetensors/layout.ts';
import { readSafetensorsHeader } from '../sources/read-safetensors.ts';
import {
  FORMAT_VERSION,
  findDamage,
  readRecord,
  reasonOf,
  setAside,
  weightsDirectory,
  writeRecord,
} from './integrity.ts';

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

function weightFile(digest: string): string {
  return join(weightsDirectory(), `${digest}.f32.v${FORMAT_VERSION}.safetensors`);
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
