import { CsvError, parse } from 'csv-parse/sync';
import { UserError } from '../../error.ts';
import { LONGEST_LINE, requireColumns, type TableRow } from './table.ts';
import { requireUtf8, textOf } from './text-bytes.ts';

/** The format of a .csv or .tsv file. */
export interface Delimited {
  readonly delimiter: string;
  /** Whether fields may be in double quotes, with `""` for a quote; otherwise quotes are text. */
  readonly quotes: boolean;
  /** Whether the first record names the columns; otherwise they are called 1, 2, ... */
  readonly header: boolean;
}

/**
 * Records of a .csv or .tsv file (RFC 4180, in UTF-8): a byte-order mark, any line ends and blank
 * lines at the end are accepted. Every value is a text, as in the file.
 *
 * @param wanted required columns
 * @throws UserError naming file and line: not UTF-8, another number of fields than in the first
 * record, a misplaced quote
 */
export function parseDelimited(
  file: string,
  content: Uint8Array,
  { delimiter, quotes, header }: Delimited,
  wanted: readonly string[],
): TableRow[] {
  const bytes = textOf(file, content);
  requireUtf8(file, bytes);
  const records = parseRecords(file, bytes, { delimiter, quotes });
  const first = records[0]?.fields;
  if (first === undefined) throw new UserError(`${file}: is empty; rows are needed`);
  const names = header ? first : first.map((_, i) => String(i + 1));
  requireColumns(header ? `${file}:1` : file, names, wanted);
  const rows = header ? records.slice(1) : records;
  if (rows.length === 0) throw new UserError(`${file}: has a header and no rows`);
  return rows.map(({ fields, where }) => ({
    where,
    // A column may be called __proto__.
    values: Object.fromEntries(names.map((name, i) => [name, fields[i]!])),
  }));
}

interface CsvRecord {
  readonly fields: readonly string[];
  readonly where: string;
}

function parseRecords(
  file: string,
  bytes: Buffer,
  { delimiter, quotes }: Pick<Delimited, 'delimiter' | 'quotes'>,
): CsvRecord[] {
  // The library counts a CRLF in quotes as two lines.
  let line = 1;
  const places: string[] = [];
  try {
    const records = parse(bytes, {
      delimiter,
      quote: quotes ? '"' : false,
      record_delimiter: ['\r\n', '\n', '\r'],
      max_record_size: LONGEST_LINE,
      on_record: fields => {
        places.push(`${file}:${line}`);
        line += 1 + fields.reduce((sum, field) => sum + lineEnds(field), 0);
        return fields;
      },
    });
    return records.map((fields, i) => ({ fields, where: places[i]! }));
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new UserError(`${file}:${line}: ${reasonOf(cause)}`, { cause });
  }
}

function lineEnds(field: string): number {
  return /[\r\n]/.test(field) ? field.split(/\r\n|\r|\n/).length - 1 : 0;
}

function reasonOf({ code, message, ...context }: CsvError): string {
  const record = context.record as readonly string[] | undefined;
  switch (code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
      return record?.length === 1 && record[0] === ''
        ? 'the line is empty; remove it'
        : `the record has ${record?.length} fields, the first has another number; quote fields that hold the delimiter`;
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'the quote is not closed before the end of the file; close it, or set "quotes": false in the task file';
    case 'CSV_INVALID_CLOSING_QUOTE':
    case 'INVALID_OPENING_QUOTE':
      return 'a quote out of place: quote the whole field and double the quotes in it, or set "quotes": false in the task file';
    case 'CSV_MAX_RECORD_SIZE':
      return `the record has more than ${LONGEST_LINE} characters, or a quote is not closed`;
    default:
      return message.replaceAll(/\s+/g, ' ');
  }
}
