import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { parquetMetadata } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { UserError } from '../../error.ts';
import { openParquetReader } from './parquet.ts';
import { type ReadOptions, readRows } from './read-rows.ts';

const golden = fileURLToPath(new URL('../../../test/golden/rows/', import.meta.url));
const expected: { text: string; label: number }[] = JSON.parse(readFileSync(join(golden, 'rows.json'), 'utf8'));
const parquet = openParquetReader();
const options = { wanted: ['text', 'label'], delimited: {}, parquet };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dualform-rows-'));
});
afterAll(() => {
  parquet.close();
  rmSync(folder, { recursive: true });
});

const read = (name: string, content: string | Uint8Array, more: Partial<ReadOptions> = {}) => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return readRows(file, { ...options, ...more });
};
const refusal = async (rows: Promise<unknown>) => {
  const error = await rows.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).not.toContain('\n');
  return (error as Error).message;
};
/** A number as Parquet writes it. */
const zigzag = (n: bigint) => {
  const bytes: number[] = [];
  for (let rest = n * 2n; rest > 0n; rest >>= 7n) bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
  return Buffer.from(bytes);
};
const golds = readdirSync(golden).filter(name => /\.(?:csv|tsv|jsonl|parquet)(?:\.gz)?$/.test(name));

describe('rows as pandas and pyarrow write them', () => {
  test('there are some of each kind', () => expect(golds.length).toBe(14));

  test.each(golds)('%s', async name => {
    const rows = await readRows(join(golden, name), options);
    expect(rows.map(({ values }) => ({ text: values.text, label: Number(values.label) }))).toEqual(expected);
  });

  test.each(['pandas.tsv', 'pandas.jsonl', 'snappy.parquet'])('%s.gz', async name => {
    const rows = await read(`${name}.gz`, gzipSync(readFileSync(join(golden, name))));
    expect(rows.map(({ values }) => values.text)).toEqual(expected.map(({ text }) => text));
  });

  test('Parquet columns of other types that mean a text or a number', async () => {
    const values = { small: 1, unsigned: 1, large: 'tab\there', category: 'one', holes: null };
    const rows = await readRows(join(golden, 'snappy.parquet'), { ...options, wanted: Object.keys(values) });
    expect(rows[4]).toEqual({ values, where: `${join(golden, 'snappy.parquet')}: row 5` });
  });

  test.each([
    ['binary', 'column "binary" holds BYTE_ARRAY; only texts, numbers and truth values are read'],
    ['when', 'column "when" holds TIMESTAMP; only texts, numbers and truth values are read'],
    ['list', 'column "list" is nested; write its texts and labels into columns of their own'],
    ['struct', 'column "struct" is nested; write its texts and labels into columns of their own'],
    ['txet', 'there is no column "txet"; the nearest there is "text"'],
  ])('the Parquet column %s is refused', async (column, message) => {
    const file = join(golden, 'snappy.parquet');
    expect(await refusal(readRows(file, { ...options, wanted: [column] }))).toBe(`${file}: ${message}`);
  });
});

describe('a file that holds too much, or is damaged', () => {
  test('says how much: stored, unpacked, and in the columns that are read', async () => {
    const lines = `{"text": "${'x'.repeat(3000)}", "label": 0}\n`;
    const small = { mostBytes: 2000 };
    expect(await refusal(read('a.jsonl', lines, small))).toMatch(/a\.jsonl: \d+ bytes, at most 2000 are allowed/);
    expect(await refusal(read('a.jsonl.gz', gzipSync(lines), small))).toMatch(
      /a\.jsonl\.gz: unpacks to more than 2000/,
    );
    const rows = parquetWriteBuffer({
      columnData: [
        { name: 'text', data: Array(200).fill('x'.repeat(400)), type: 'STRING' },
        { name: 'label', data: Array(200).fill(0), type: 'INT32' },
      ],
      rowGroupSize: 10,
    });
    const limited = read('a.parquet', new Uint8Array(rows), small);
    expect(await refusal(limited)).toMatch(/a\.parquet: text, label hold \d+ bytes; at most 2000 are read/);
    expect(await read('a.parquet', new Uint8Array(rows), { ...small, wanted: ['label'] })).toHaveLength(200);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['a.csv.gz', gzipSync('text,label\nx,0\n').subarray(0, 20), /is no whole gzip file; fetch or write it again/],
    ['a.csv.gz', Buffer.from('text,label\nx,0\n'), /is no whole gzip file/],
    ['a.parquet', Buffer.from('nonsense, no PAR'), /a\.parquet: damaged, or of a kind that is not read \(file invalid/],
    ['a.parquet', Buffer.alloc(0), /a\.parquet: damaged/],
  ])('%s', async (name, bytes, message) => {
    expect(await refusal(read(name, bytes))).toMatch(message);
  });

  test('a page that becomes larger than the footer says is refused before it is made', async () => {
    const bytes = Buffer.from(
      parquetWriteBuffer({
        columnData: [
          { name: 'text', data: Array.from({ length: 200 }, (_, i) => String(i).repeat(200)), type: 'STRING' },
        ],
      }),
    );
    const { row_groups, metadata_length } = parquetMetadata(Uint8Array.from(bytes).buffer);
    const size = zigzag(row_groups[0]!.columns[0]!.meta_data!.total_uncompressed_size);
    const forged = zigzag(20_000n);
    expect(forged.length).toBe(size.length);
    bytes.set(forged, bytes.indexOf(size, bytes.length - 8 - metadata_length));
    const message = await refusal(read('b.parquet', bytes, { wanted: ['text'], mostBytes: 30_000 }));
    expect(message).toMatch(
      /b\.parquet: damaged, or of a kind that is not read \(a page of \d+ bytes; at most 30000 are read/,
    );
  });

  test('a small file of very many rows ends at the limit of memory, and the next one is read', async () => {
    const reader = openParquetReader(60);
    onTestFinished(reader.close);
    const many = { name: 'text', data: Array<string>(3_000_000).fill('x'), type: 'STRING' as const };
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData: [many], rowGroupSize: 3_000_000 }));
    expect(bytes.length).toBeLessThan(100_000);
    const message = await refusal(read('many.parquet', bytes, { wanted: ['text'], parquet: reader }));
    expect(message).toMatch(
      /many\.parquet: its reader ended \(.*\), or needed more than 60 MB; the file is damaged, or too large/,
    );
    expect(await readRows(join(golden, 'snappy.parquet'), { ...options, parquet: reader })).toHaveLength(
      expected.length,
    );
  });

  test.each(['a.txt', 'a.json', 'a.csv.zip'])('%s is of no format', async name => {
    expect(await refusal(read(name, 'x'))).toMatch(
      /rows are read from \.jsonl, \.csv, \.tsv, \.parquet files, each also with \.gz/,
    );
  });

  test.each(['.csv', '.parquet'])('a folder and no file: %s', async ending => {
    expect(await refusal(readRows(join(folder, `absent${ending}`), options))).toMatch(/there is no such file/);
    mkdirSync(join(folder, `folder${ending}`));
    expect(await refusal(readRows(join(folder, `folder${ending}`), options))).toMatch(
      /folder\.\w+: (?:not a regular|this is a folder)/,
    );
  });
});
