import { TextDecoder } from 'node:util';
import { UserError } from '../../error.ts';
import { parseShallowJson } from '../../files/shallow-json.ts';
import { LONGEST_LINE, type TableRow } from './table.ts';
import { textOf } from './text-bytes.ts';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * One JSON object per line, in UTF-8; a byte-order mark, CRLF and blank lines at the end are
 * accepted.
 *
 * @throws UserError naming file and line: not UTF-8, an empty line, a line that is cut off or not
 * an object
 */
export function parseJsonLines(file: string, content: Uint8Array): TableRow[] {
  const bytes = textOf(file, content);
  const lines: TableRow[] = [];
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const next = newline < 0 ? bytes.length : newline + 1;
    let end = newline < 0 ? bytes.length : newline;
    if (end > start && bytes[end - 1] === CARRIAGE_RETURN) end--;
    const where = `${file}:${lines.length + 1}`;
    lines.push({ values: parseLine(bytes.subarray(start, end), decoder, where, newline < 0), where });
    start = next;
  }
  if (lines.length === 0) throw new UserError(`${file}: is empty; one JSON object a line is needed`);
  return lines;
}

function parseLine(bytes: Buffer, decoder: TextDecoder, where: string, torn: boolean): TableRow['values'] {
  if (bytes.length === 0) throw new UserError(`${where}: the line is empty; remove it`);
  if (bytes.length > LONGEST_LINE) {
    throw new UserError(`${where}: the line has ${bytes.length} bytes; at most ${LONGEST_LINE} are read`);
  }
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (cause) {
    throw new UserError(`${where}: the line is not UTF-8; save the file as UTF-8`, { cause });
  }
  let value: unknown;
  try {
    value = parseShallowJson(text);
  } catch (cause) {
    const what = torn ? 'the last line is cut off or no JSON' : 'the line is no JSON';
    throw new UserError(`${where}: ${what} (${oneLine((cause as Error).message)})`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as TableRow['values'];
  throw new UserError(`${where}: the line must be a JSON object, as in {"text": "...", "label": 0}`);
}

function oneLine(message: string): string {
  return message.replaceAll(/\s+/g, ' ');
}
