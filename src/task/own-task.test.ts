import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '../error.ts';
import { openTask } from './open-task.ts';
import { permutation } from './permutation.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dualform-task-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const settings = { template: 'Review: {text} Sentiment:', labels: ['bad', ' good'] };
const row = (i: number) => `{"text": "t${i}", "label": ${i % 2}}\n`;
const rows = (n: number) => Array.from({ length: n }, (_, i) => row(i)).join('');
const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
const open = (data: string | Uint8Array, task: unknown = settings) => {
  write('own.jsonl', data);
  write('own.task.json', typeof task === 'string' ? task : JSON.stringify(task));
  return openTask(join(folder, 'own.jsonl'));
};
const refusal = async (data: string | Uint8Array, task?: unknown) => {
  const error = await open(data, task).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).not.toContain('\n');
  return (error as Error).message;
};

describe('own tasks', () => {
  test('one file is split: the last fifth of the seed-0 shuffle is evaluated, in the seed-1 order', async () => {
    const task = await open(rows(20));
    const held = permutation(0, 20).slice(16);
    expect(task.train().map(r => r.id)).toEqual([...Array(20).keys()].filter(i => !held.includes(i)));
    const inOrder = held.toSorted((a, b) => a - b);
    expect(task.evaluation().map(r => r.id)).toEqual(permutation(1, 4).map(i => inOrder[i]));
    expect(task).toMatchObject({ name: 'own', trainRows: 16, evaluationRows: 4, defaultShots: 16, licence: null });
    expect(task.labels).toEqual([' bad', ' good']);
    expect(task.prompt(task.train()[0]!)).toMatch(/^Review: t\d+ Sentiment:$/);
    expect(task.warnings).toEqual([]);
  });

  test('files of their own for training and evaluation', async () => {
    write('held.jsonl', rows(3));
    const task = await open(rows(5), { ...settings, evaluation: 'held.jsonl', shots: 2 });
    expect([task.trainRows, task.evaluationRows, task.defaultShots]).toEqual([5, 3, 2]);
    expect(task.warnings).toEqual(['3 of 3 evaluation rows are training rows too; `excludeLeaks` leaves them out']);
    expect(await openTask(join(folder, 'own.task.json'))).toMatchObject({ digest: task.digest });
  });

  test('labels by number, by label word, or by names of their own', async () => {
    const names = { ...settings, labelNames: ['neg', 'pos'], evaluation: 'own.jsonl', train: 'own.jsonl' };
    const task = await open('{"text":"a","label":"neg"}\n{"text":"b","label":"good"}\n{"text":"c","label":0}\n', names);
    const all = [...task.train(), ...task.evaluation()].toSorted((a, b) => a.id - b.id);
    expect(all.map(r => r.label)).toEqual([0, 1, 0]);
  });

  test('byte-order mark, CRLF and a missing last newline change nothing', async () => {
    const plain = await open(rows(6));
    for (const text of [`\ufeff${rows(6)}`, rows(6).replaceAll('\n', '\r\n'), rows(6).trimEnd()]) {
      expect((await open(text)).digest).toBe(plain.digest);
    }
  });

  test.each([
    ['.jsonl', `${rows(6)}\n\r\n \n`],
    ['.csv', 'text,label\nt0,0\nt1,1\nt2,0\nt3,1\nt4,0\nt5,1\n\n\n'],
    ['.tsv', 'label\ttext\n0\tt0\n1\tt1\n0\tt2\n1\tt3\n0\tt4\n1\tt5'],
  ])('the format changes nothing, nor do blank last lines: %s', async (ending, data) => {
    const { digest } = await open(rows(6));
    for (const [name, content] of [
      [`own${ending}`, data],
      [`own${ending}.gz`, gzipSync(data)],
    ] as const) {
      write(name, content);
      expect(await openTask(join(folder, name))).toMatchObject({ digest, name: 'own' });
      rmSync(join(folder, name));
    }
  });

  test('columns of other names, label names, several files, a data file of another name', async () => {
    const { digest } = await open(rows(6));
    write('a.csv', 'sentence,sentiment\nt0,neg\nt1,pos\nt2,neg\n');
    write(
      'b.jsonl',
      '{"sentence":"t3","sentiment":"pos"}\n{"sentence":"t4","sentiment":"bad"}\n{"sentence":"t5","sentiment":1}\n',
    );
    const named = {
      ...settings,
      labelNames: ['neg', 'pos'],
      columns: { text: 'sentence', label: 'sentiment' },
      data: ['a.csv', 'b.jsonl'],
    };
    write('other.task.json', JSON.stringify(named));
    const task = await openTask(join(folder, 'other.task.json'));
    expect(task).toMatchObject({ digest, name: 'other', trainRows: 5 });
    write('other.task.json', JSON.stringify({ ...named, data: 'a.csv' }));
    expect(await openTask(join(folder, 'other.task.json'))).toMatchObject({ trainRows: 2, evaluationRows: 1 });
    await expect(openTask(join(folder, 'other.csv'))).rejects.toThrow(
      /^task .*: the data of .*other\.task\.json is .*a\.csv; give `task` .*other\.task\.json/,
    );
  });

  test('a .csv file without header, as the task file says', async () => {
    const names = { columns: { text: '2', label: '1' }, labelNames: ['1', '2'] };
    write('bare.task.json', JSON.stringify({ ...settings, ...names, csv: { header: false, delimiter: ';' } }));
    write('bare.csv', '1;"a ""b"" c"\n2;d\n');
    const task = await openTask(join(folder, 'bare.csv'));
    const all = [...task.train(), ...task.evaluation()].toSorted((a, b) => a.id - b.id);
    expect(all.map(r => [r.fields.text, r.label])).toEqual([
      ['a "b" c', 0],
      ['d', 1],
    ]);
  });

  test('a label may be the word of one place and the number of another: refused, unless labelNames say it', async () => {
    const stars = { template: '{text} is', labels: ['1', '2', '3'] };
    const data = '{"text":"a","label":1}\n{"text":"b","label":"2"}\n{"text":"c","label":3}\n';
    expect(await refusal(data, stars)).toMatch(
      /own\.jsonl:1: label 1 may be the place 1 or the word "1"; say with labelNames/,
    );
    const task = await open(data, { ...stars, labelNames: ['1', '2', '3'] });
    const all = [...task.train(), ...task.evaluation()].toSorted((a, b) => a.id - b.id);
    expect(all.map(r => r.label)).toEqual([0, 1, 2]);
  });

  test('the file with rows next to a task file is found, and several are refused', async () => {
    write('beside.task.json', JSON.stringify(settings));
    await expect(openTask(join(folder, 'beside.task.json'))).rejects.toThrow(/beside\.jsonl: there is no such file/);
    write('beside.tsv.gz', gzipSync('text\tlabel\nx\t0\ny\tgood\n'));
    expect(await openTask(join(folder, 'beside.task.json'))).toMatchObject({ trainRows: 1, evaluationRows: 1 });
    write('beside.jsonl', rows(4));
    await expect(openTask(join(folder, 'beside.task.json'))).rejects.toThrow(
      /beside\.task\.json: there are .*beside\.jsonl and .*beside\.tsv\.gz; give the one/,
    );
  });

  test('the digest follows rows, template and label words', async () => {
    const digests = [
      await open(rows(6)),
      await open(rows(7)),
      await open(rows(6), { ...settings, template: '{text} is' }),
      await open(rows(6), { ...settings, labels: ['bad', 'fine'] }),
    ].map(task => task.digest);
    expect(new Set(digests).size).toBe(4);
  });

  test('a label without rows is a warning', async () => {
    const { warnings } = await open(rows(40), { ...settings, labels: ['bad', 'good', 'odd'] });
    expect(warnings).toEqual(['no training row has the label "odd"', 'no evaluation row has the label "odd"']);
  });

  test.each<[string, string | Uint8Array, RegExp]>([
    ['a torn last line', `${row(0)}{"text": "half`, /own\.jsonl:2: the last line is cut off/],
    ['a line that is no JSON', `${row(0)}nonsense\n${row(1)}`, /own\.jsonl:2: the line is no JSON/],
    ['an empty line', `${row(0)}\n${row(1)}`, /own\.jsonl:2: the line is empty/],
    ['a list', '[1]\n', /own\.jsonl:1: the line must be a JSON object/],
    ['an empty file', '', /own\.jsonl: is empty/],
    ['a single row', row(0), /one row cannot be split/],
    ['a wrong label number', `${row(0)}{"text":"x","label":2}\n`, /own\.jsonl:2: label 2 is not one of 0 to 1/],
    ['a wrong label name', '{"text":"x","label":"ugly"}\n', /own\.jsonl:1: label "ugly" is not one of .*"bad", "good"/],
    ['no label', '{"text":"x"}\n', /own\.jsonl:1: there is no "label"/],
    ['a missing field', '{"txt":"x","label":1}\n', /own\.jsonl:1: there is no field "text".* nearest there is "txt"/],
    ['a field that is no text', '{"text":5,"label":1}\n', /own\.jsonl:1: field "text" must be a text/],
    ['a name from the prototype', '{"__proto__":{"text":"x"},"label":1}\n', /there is no field "text"/],
    ['broken UTF-8', Buffer.from([0x7b, 0xff, 0x7d, 0x0a]), /own\.jsonl:1: the line is not UTF-8/],
    ['UTF-16', Buffer.from(`\ufeff${row(0)}`, 'utf16le'), /looks like UTF-16/],
    ['a lone number as text', '{"text":"x","label":"2"}\n', /own\.jsonl:1: label "2" is not one of 0 to 1/],
    ['a truth value', '{"text":"x","label":true}\n', /own\.jsonl:1: label true is not one of/],
    ['a share', '{"text":"x","label":0.5}\n', /own\.jsonl:1: label 0\.5 is not one of/],
    ['a line of megabytes', `{"text":"${'x'.repeat(2e6)}","label":0}\n`, /own\.jsonl:1: the line has 20000\d\d bytes/],
  ])('names file and line: %s', async (_, data, message) => {
    expect(await refusal(data)).toMatch(message);
  });

  test.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /own\.task\.json: not JSON/],
    ['no template', { labels: ['a', 'b'] }, /own\.task\.json: template: /],
    ['one label', { ...settings, labels: ['a'] }, /own\.task\.json: labels: /],
    ['a blank label', { ...settings, labels: ['a', ' '] }, /labels\.1: a label word must not be blank/],
    ['two labels alike', { ...settings, labels: ['a', ' a'] }, /two labels are called "a"/],
    ['too few names', { ...settings, labelNames: ['x'] }, /labelNames has 1 names for 2 labels/],
    ['a misspelt setting', { ...settings, shot: 3 }, /"shot" is not known; the nearest name is "shots"/],
    ['a column of no field', { ...settings, columns: { txt: 'a' } }, /no field "txt"; the nearest name is "text"/],
    [
      'a column that is not there',
      { ...settings, columns: { text: 'tex' } },
      /own\.jsonl:1: there is no field "tex", the column of {text}; the nearest there is "text"/,
    ],
    ['a label column that is not there', { ...settings, columns: { label: 'y' } }, /own\.jsonl:1: there is no "y"/],
    [
      'a misspelt key of csv',
      { ...settings, csv: { quote: true } },
      /"quote" is not known; the nearest name is "quotes"/,
    ],
    ['a long delimiter', { ...settings, csv: { delimiter: '||' } }, /csv\.delimiter: must be one character/],
    ['a list without files', { ...settings, train: [] }, /train: must be the name of a file, or a list of names/],
    [
      'a file of another kind',
      { ...settings, train: 'own.task.json' },
      /own\.task\.json: rows are read from \.jsonl, \.csv/,
    ],
    ['no shots', { ...settings, shots: 0 }, /own\.task\.json: shots: /],
    ['a hole that no row fills', { ...settings, template: '{texts}' }, /no field "texts".* nearest there is "text"/],
    ['the label in the template', { ...settings, template: '{text} {label}' }, /would show the answer/],
    ['a file that is not there', { ...settings, evaluation: 'nowhere.jsonl' }, /nowhere\.jsonl: there is no such file/],
  ])('names what is wrong in the task file: %s', async (_, task, message) => {
    expect(await refusal(rows(4), task)).toMatch(message);
  });

  test('says which file is missing', async () => {
    await expect(openTask(join(folder, 'alone.jsonl'))).rejects.toThrow(
      /alone\.task\.json: there is no such file; write the template/,
    );
  });

  test('any rows are the same task in every format', async () => {
    // What UTF-8 can hold.
    const texts = fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { minLength: 2, maxLength: 8 });
    write('any.task.json', JSON.stringify(settings));
    await fc.assert(
      fc.asyncProperty(texts, fc.constantFrom('\n', '\r\n'), async (texts, end) => {
        const labels = texts.map((_, i) => i % 2);
        const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const delimited = (delimiter: string) =>
          [`text${delimiter}label`, ...texts.map((text, i) => `${quote(text)}${delimiter}${labels[i]}`), ''].join(end);
        const columnData = [
          { name: 'label', data: labels.map(BigInt), type: 'INT64' as const },
          { name: 'text', data: texts, type: 'STRING' as const },
        ];
        const files = {
          'any.jsonl': texts.map((text, i) => JSON.stringify({ text, label: labels[i] }) + end).join(''),
          'any.csv': delimited(','),
          'any.tsv': delimited('\t'),
          'any.parquet': new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 3 })),
        };
        const digests = new Set<string>();
        for (const [name, content] of Object.entries(files)) {
          write(name, content);
          write(`${name}.gz`, gzipSync(content));
          for (const file of [name, `${name}.gz`]) {
            const task = await openTask(join(folder, file));
            digests.add(task.digest);
            const all = [...task.train(), ...task.evaluation()].toSorted((a, b) => a.id - b.id);
            expect(all.map(r => [r.fields.text, r.label])).toEqual(texts.map((text, i) => [text, labels[i]]));
          }
        }
        expect(digests.size).toBe(1);
      }),
      { numRuns: 4 },
    );
  });

  test('reads back any text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 8 }), async texts => {
        const task = await open(texts.map((text, i) => `${JSON.stringify({ text, label: i % 2 })}\n`).join(''));
        const all = [...task.train(), ...task.evaluation()].toSorted((a, b) => a.id - b.id);
        expect(all.map(r => r.fields.text)).toEqual(texts);
      }),
      { numRuns: 50 },
    );
  });
});
