import { isUtf8 } from 'node:buffer';
import { UserError } from '../../error.ts';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BLANKS = [NEWLINE, CARRIAGE_RETURN, 0x20, 0x09];

/**
 * The bytes of a text file without byte-order mark and without blank lines at the end. The last
 * line keeps its line end.
 *
 * @throws UserError when it looks like UTF-16
 */
export function textOf(file: string, content: Uint8Array): Buffer {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (bytes[0] === 0 || bytes[1] === 0 || (bytes[0] === 0xff && bytes[1] === 0xfe) || bytes[0] === 0xfe) {
    throw new UserError(`${file}: not UTF-8 (it looks like UTF-16); save it as UTF-8`);
  }
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let end = bytes.length;
  while (end > start && BLANKS.includes(bytes[end - 1]!)) end--;
  if (end === start) return bytes.subarray(start, start);
  // Spaces at the end of the last line are kept.
  while (end < bytes.length && bytes[end] !== NEWLINE && bytes[end] !== CARRIAGE_RETURN) end++;
  if (bytes[end] === CARRIAGE_RETURN) end++;
  if (bytes[end] === NEWLINE) end++;
  return bytes.subarray(start, end);
}

/** @throws UserError naming the first line that is not UTF-8 */
export function requireUtf8(file: string, bytes: Buffer): void {
  if (isUtf8(bytes)) return;
  for (let start = 0, line = 1; start < bytes.length; line++) {
    const newline = bytes.indexOf(NEWLINE, start);
    const next = newline < 0 ? bytes.length : newline + 1;
    if (!isUtf8(bytes.subarray(start, next))) {
      throw new UserError(`${file}:${line}: the line is not UTF-8; save the file as UTF-8`);
    }
    start = next;
  }
}
