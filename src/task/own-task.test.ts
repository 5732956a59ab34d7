import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '../error.ts';
import { permutation } from './permutation.ts';
import { openTask } from './task.ts';

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
    expect(task.warnings).toEqual(['3 of 3 evaluation rows are training rows too']);
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
    ['no shots', { ...settings, shots: 0 }, /own\.task\.json: shots: /],
    ['a hole that no row fills', { ...settings, template: '{texts}' }, /no field "texts".* nearest there is "text"/],
    ['the label in the template', { ...settings, template: '{text} {label}' }, /would show the answer/],
    ['a file that is not there', { ...settings, evaluation: 'nowhere.jsonl' }, /nowhere\.jsonl: there is no such file/],
  ])('names what is wrong in the task file: %s', async (_, task, message) => {
    expect(await refusal(rows(4), task)).toMatch(message);
  });

  test('says which file is missing', async () => {
    await expect(openTask(join(folder, 'alone.jsonl'))).rejects.toThrow(
      /alone\.task\.json: there is no such file.*template/,
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
