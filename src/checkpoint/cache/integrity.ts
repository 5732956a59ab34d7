/**
 * @file Whether the weight files of the cache are as they were written: their records, and their
 * check.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../error.ts';
import { removeAbandoned, writeAtomically } from '../../files/atomic-file.ts';
import { cacheDirectory } from '../../files/cache-directory.ts';
import { sha256 } from '../../files/digest.ts';
import { errorCode, readExactly, withFile } from '../../files/file-bytes.ts';

/** Raised whenever the same source would be unpacked or described differently. */
export const FORMAT_VERSION = 1;

/** The record next to a weight file, by which it is verified. */
export interface CacheRecord {
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

function recordFile(file: string): string {
  return `${file}.json`;
}

export async function readRecord(file: string): Promise<CacheRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(recordFile(file), 'utf8')) as CacheRecord;
    const texts = [record.source, record.sha256, record.headerSha256, record.mtimeNs];
    const whole = texts.every(text => typeof text === 'string') && Number.isSafeInteger(record.bytes);
    return whole && record.format === FORMAT_VERSION ? record : undefined;
  } catch {
    return undefined;
  }
}

export async function writeRecord(file: string, record: CacheRecord): Promise<void> {
  const text = JSON.stringify(record);
  await writeAtomically(recordFile(file), text.length, handle => handle.writeFile(text));
}

/** The damage of a weight file, undefined if there is none. */
export async function findDamage(
  file: string,
  record: CacheRecord,
  depth: 'quick' | 'full',
): Promise<string | undefined> {
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
export function reasonOf(error: unknown): string {
  if (!(error instanceof UserError)) throw error;
  if (error.cause === undefined) return error.message;
  if (errorCode(error.cause) === 'ENOENT') return 'absent';
  throw error;
}

/** Renames a damaged file to `*.damaged`. */
export async function setAside(file: string): Promise<void> {
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
