/**
 * @file The process that decodes columns of a Parquet file: answers each `ParquetJob` with one
 * `ParquetReply`.
 */
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

export interface ParquetJob {
  /** A file, or its bytes. */
  readonly source: string | Uint8Array<ArrayBuffer>;
  readonly wanted: readonly string[];
  readonly mostBytes: number;
}

/** Values by column, one per row. */
export type Columns = Readonly<Record<string, readonly unknown[]>>;

export interface ParquetReply {
  /** Of all columns of the file. */
  readonly names?: readonly string[];
  readonly columns?: Columns;
  /** Why there are no values; undefined if a wanted column is missing. */
  readonly problem?: string;
}

async function answer(job: ParquetJob): Promise<ParquetReply> {
  let names: readonly string[] | undefined;
  try {
    const { source, wanted } = job;
    const file = typeof source === 'string' ? await asyncBufferFromFile(source) : bufferOf(source);
    const metadata = await parquetMetadataAsync(file, { geoparquet: false });
    const { children } = parquetSchema(metadata);
    names = children.map(({ element }) => element.name);
    const found = wanted.map(name => children.filter(({ element }) => element.name === name));
    if (found.some(({ length }) => length !== 1)) return { names };
    const problem = found.map(([column]) => whyUnreadable(column!)).find(why => why !== undefined);
    if (problem !== undefined) return { names, problem };
    const size = columnBytes(metadata, wanted);
    if (size > job.mostBytes) {
      return { names, problem: `${wanted.join(', ')} hold ${size} bytes; at most ${job.mostBytes} are read` };
    }
    return { names, columns: await readColumns(file, metadata, job) };
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return {
      ...(names && { names }),
      problem: `damaged, or of a kind that is not read (${what.replace(/^parquet /, '')})`,
    };
  }
}

function bufferOf(bytes: Uint8Array<ArrayBuffer>): AsyncBuffer {
  return {
    byteLength: bytes.length,
    slice: (start, end) => bytes.slice(start, end).buffer,
  };
}

/**
 * Physical types whose values have the same meaning in every format; texts are BYTE_ARRAY with a
 * text type.
 */
const PLAIN = ['BOOLEAN', 'INT32', 'INT64', 'FLOAT', 'DOUBLE'];
const WHOLE = /^U?INT_\d+$/;

function whyUnreadable({ element, children }: SchemaTree): string | undefined {
  const { name, type, repetition_type: repetition, converted_type: converted, logical_type: logical } = element;
  if (children.length > 0 || repetition === 'REPEATED') {
    return `column "${name}" is nested; write its texts and labels into columns of their own`;
  }
  const kind = logical?.type ?? converted;
  const isText = type === 'BYTE_ARRAY' && ['STRING', 'UTF8', 'ENUM'].includes(kind ?? '');
  const isPlain = PLAIN.includes(type ?? '') && (kind === undefined || kind === 'INTEGER' || WHOLE.test(kind));
  if (isText || isPlain) return undefined;
  return `column "${name}" holds ${kind ?? type}; only texts, numbers and truth values are read`;
}

/** Decompressed size, as the file declares. */
function columnBytes({ row_groups }: FileMetaData, wanted: readonly string[]): number {
  const of = row_groups.flatMap(({ columns }) => columns.flatMap(({ meta_data }) => meta_data ?? []));
  const ours = of.filter(({ path_in_schema }) => wanted.includes(path_in_schema[0]!));
  return ours.reduce((sum, { total_uncompressed_size: size }) => sum + Number(size), 0);
}

async function readColumns(file: AsyncBuffer, metadata: FileMetaData, job: ParquetJob): Promise<Columns> {
  const columns = Object.fromEntries(job.wanted.map(column => [column, [] as unknown[]]));
  // One row group at a time: the library would read all of them at once.
  let start = 0;
  for (const { num_rows } of metadata.row_groups) {
    const end = start + Number(num_rows);
    for (const [column, values] of Object.entries(columns)) {
      for (const value of await readPart(file, metadata, { column, start, end, mostBytes: job.mostBytes }))
        values.push(value);
      if (values.length !== end) throw new Error(`column "${column}" has ${values.length} values for ${end} rows`);
    }
    start = end;
  }
  if (start !== Number(metadata.num_rows)) throw new Error(`${start} rows in row groups, ${metadata.num_rows} in all`);
  return columns;
}

async function readPart(
  file: AsyncBuffer,
  metadata: FileMetaData,
  part: { readonly column: string; readonly start: number; readonly end: number; readonly mostBytes: number },
): Promise<unknown[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const values: unknown[] = [];
  await parquetRead({
    file,
    metadata,
    columns: [part.column],
    rowStart: part.start,
    rowEnd: part.end,
    compressors: limited(part.mostBytes),
    utf8: false,
    geoparquet: false,
    parsers: { stringFromBytes: bytes => bytes && decoder.decode(bytes) },
    onChunk: ({ columnData }) => {
      for (const value of columnData) values.push(value);
    },
  });
  return values;
}

/** Each page declares its decompressed size. */
function limited(mostBytes: number): Compressors {
  const entries = Object.entries(compressors).map(([codec, decompress]) => [
    codec,
    (input: Uint8Array, outputLength: number) => {
      if (outputLength > mostBytes) throw new Error(`a page of ${outputLength} bytes; at most ${mostBytes} are read`);
      return decompress!(input, outputLength);
    },
  ]);
  return Object.fromEntries(entries);
}

process.on('message', async (job: ParquetJob) => process.send?.(await answer(job)));
