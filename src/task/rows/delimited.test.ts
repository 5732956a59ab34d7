import { describe, expect, test } from 'vitest';
import { UserError } from '../../error.ts';
import { type Delimited, parseDelimited } from './delimited.ts';

const csv: Delimited = { delimiter: ',', quotes: true, header: true };
const parse = (content: string | Uint8Array, how: Partial<Delimited> = {}, wanted = ['text', 'label']) =>
  parseDelimited('f.csv', Buffer.from(content as string), { ...csv, ...how }, wanted);
const valuesOf = (...args: Parameters<typeof parse>) => parse(...args).map(({ values }) => Object.values(values));

describe('rows of a .csv file', () => {
  test.each<[string, string, Partial<Delimited>, string[][]]>([
    ['a byte-order mark', '\ufefftext,label\nx,0\n', {}, [['x', '0']]],
    [
      'CRLF',
      'text,label\r\nx,0\r\ny,1\r\n',
      {},
      [
        ['x', '0'],
        ['y', '1'],
      ],
    ],
    [
      'CR',
      'text,label\rx,0\ry,1\r\r',
      {},
      [
        ['x', '0'],
        ['y', '1'],
      ],
    ],
    ['no last line end', 'text,label\nx,0', {}, [['x', '0']]],
    ['blank last lines', 'text,label\nx,0\n\n \n\r\n', {}, [['x', '0']]],
    ['blanks at the end of a field', 'label,text\n0,x \n\n', {}, [['0', 'x ']]],
    ['quotes', 'text,label\n"a ""b"", c\r\nd",0\n', {}, [['a "b", c\r\nd', '0']]],
    ['NUL', 'text,label\na\0b,0\n', {}, [['a\0b', '0']]],
    ['another delimiter', 'text;label\na,b;0\n', { delimiter: ';' }, [['a,b', '0']]],
    [
      'quotes as text',
      'text\tlabel\n"a\t0\nb "c" d\t1\n',
      { delimiter: '\t', quotes: false },
      [
        ['"a', '0'],
        ['b "c" d', '1'],
      ],
    ],
  ])('%s', (_, content, how, values) => {
    expect(valuesOf(content, how)).toEqual(values);
  });

  test('without a header columns are called 1, 2, ...', () => {
    expect(parse('0,x\n1,y\n', { header: false }, ['2', '1'])).toEqual([
      { values: { 1: '0', 2: 'x' }, where: 'f.csv:1' },
      { values: { 1: '1', 2: 'y' }, where: 'f.csv:2' },
    ]);
  });

  test('a row is where its first line is', () => {
    const rows = parse('text,label\n"a\nb\r\nc",0\nx,1\n"d\n",0\ny,1\n');
    expect(rows.map(({ where }) => where)).toEqual(['f.csv:2', 'f.csv:5', 'f.csv:6', 'f.csv:8']);
  });

  test.each<[string, string | Uint8Array, Partial<Delimited>, RegExp]>([
    ['an empty file', '', {}, /^f\.csv: is empty/],
    ['blank lines alone', '\n\n', {}, /^f\.csv: is empty/],
    ['a header alone', 'text,label\n', {}, /^f\.csv: has a header and no rows/],
    ['a blank line', 'text,label\nx,0\n\ny,1\n', {}, /^f\.csv:3: the line is empty; remove it/],
    ['too few fields', 'text,label\nx,0\ny\n', {}, /^f\.csv:3: the record has 1 fields, the first has another number/],
    ['too many fields', 'text,label\nx,y,0\n', {}, /^f\.csv:2: the record has 3 fields/],
    [
      'a quote that is not closed',
      'text,label\nx,0\n"y,1\nz,0\n',
      {},
      /^f\.csv:3: the quote is not closed.*"quotes": false/,
    ],
    ['a quote inside a field', 'text,label\na "b" c,0\n', {}, /^f\.csv:2: a quote out of place.*"quotes": false/],
    ['text behind a quote', 'text,label\n"b"c,0\n', {}, /^f\.csv:2: a quote out of place/],
    ['a missing column', 'txt,label\nx,0\n', {}, /^f\.csv:1: there is no column "text"; the nearest there is "txt"/],
    [
      'the wrong delimiter',
      'text;label\nx;0\n',
      {},
      /^f\.csv:1: there is no column "text"; the nearest there is "text;label"/,
    ],
    ['a column twice', 'text,label,text\nx,0,y\n', {}, /^f\.csv:1: 2 columns are called "text"; rename them/],
    ['a missing place', 'x,0\n', { header: false }, /^f\.csv: there is no column "text"; the nearest there is "1"/],
    [
      'a line that is not UTF-8',
      Buffer.from('text,label\nx,0\n\xe4,1\n', 'latin1'),
      {},
      /^f\.csv:3: the line is not UTF-8/,
    ],
    ['UTF-16', Buffer.from('\ufefftext,label\n', 'utf16le'), {}, /^f\.csv: not UTF-8 \(it looks like UTF-16\)/],
    [
      'a record of megabytes',
      `text,label\n${'x'.repeat(1_100_000)},0\n`,
      {},
      /^f\.csv:2: the record has more than 1000000/,
    ],
  ])('names file and line: %s', (_, content, how, message) => {
    const attempt = () => parse(content, how);
    expect(attempt).toThrow(UserError);
    expect(attempt).toThrow(message);
  });
});
