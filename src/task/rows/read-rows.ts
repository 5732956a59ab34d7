import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { UserError } from '../../error.ts';
import { errorCode, readSmallFile, withFile } from '../../files/file-bytes.ts';
import { type Delimited, parseDelimited } from './delimited.ts';
import { parseJsonLines } from './json-lines.ts';
import type { ParquetReader } from './parquet.ts';
import type { TableRow } from './table.ts';

/** Limit for rows, which are held in memory several times. */
const MOST_BYTES = 1_000_000_000;

/** Extensions of files with rows; each may be followed by .gz. */
export const ROW_FORMATS = ['.jsonl', '.csv', '.tsv', '.parquet'] as const;

const ENDING = /(\.jsonl|\.csv|\.tsv|\.parquet)(\.gz)?$/;

export function hasRows(file: string): boolean {
  return ENDING.test(file);
}

/** The name without the extension of a file with rows. */
export function withoutEnding(file: string): string {
  return file.replace(ENDING, '');
}

export interface ReadOptions {
  readonly delimited: Partial<Delimited>;
  /** Required columns; for JSON objects they are checked when a row is used. */
  readonly wanted: readonly string[];
  readonly parquet: ParquetReader;
  readonly mostBytes?: number;
}

/**
 * The rows of a file, in the format of its extension.
 *
 * @throws UserError naming file and line, or file and row
 */
export async function readRows(file: string, options: ReadOptions): Promise<readonly TableRow[]> {
  const { wanted, parquet, mostBytes = MOST_BYTES } = options;
  const [, ending, packed] = ENDING.exec(file) ?? [];
  if (ending === undefined) {
    throw new UserError(`${file}: rows are read from ${ROW_FORMATS.join(', ')} files, each also with .gz`);
  }
  // Only the required columns of a Parquet file are read.
  if (ending === '.parquet' && packed === undefined) {
    await withFile(file, async () => undefined);
    return parquet.read(file, file, wanted, mostBytes);
  }
  const stored = await readSmallFile(file, mostBytes);
  const bytes = packed === undefined ? stored : await unpack(file, stored, mostBytes);
  switch (ending) {
    case '.jsonl':
      return parseJsonLines(file, bytes);
    case '.parquet':
      return parquet.read(file, new Uint8Array(bytes), wanted, mostBytes);
    default:
      return parseDelimited(file, bytes, { ...STANDARD[ending as '.csv'], ...options.delimited }, wanted);
  }
}

const STANDARD: Readonly<Record<'.csv' | '.tsv', Delimited>> = {
  '.csv': { delimiter: ',', quotes: true, header: true },
  '.tsv': { delimiter: '\t', quotes: true, header: true },
};

async function unpack(file: string, bytes: Buffer, mostBytes: number): Promise<Buffer> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: mostBytes });
  } catch (cause) {
    const large = errorCode(cause) === 'ERR_BUFFER_TOO_LARGE';
    const why = large
      ? `unpacks to more than ${mostBytes} bytes, at most that many are read`
      : 'is no whole gzip file; fetch or write it again';
    throw new UserError(`${file}: ${why}`, { cause });
  }
}
