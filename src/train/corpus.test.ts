import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { UserError } from '../error.ts';
import { readCorpus, splitCorpus } from './corpus.ts';

/** A folder that goes with the test, with these files. */
function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'dualform-corpus-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

describe('readCorpus', () => {
  test('the corpus inside the package is what its manifest says', async () => {
    const { files } = JSON.parse(
      readFileSync(new URL('../../data/tinyshakespeare/manifest.json', import.meta.url), 'utf8'),
    );
    const { name, documents } = await readCorpus(['tinyshakespeare']);
    expect({ name, documents: documents.length }).toEqual({ name: 'tinyshakespeare', documents: 1 });
    const bytes = Buffer.from(documents[0]!);
    expect(bytes.length).toBe(files.text.bytes);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(files.text.sha256);
  });

  test('files in the order given, those of a folder by path', async () => {
    const folder = folderOf({ 'b.txt': 'B', 'a/c.txt': 'C', 'a.md': 'no', 'z.text': 'Z' });
    const { documents, name } = await readCorpus([join(folder, 'z.text'), folder]);
    expect(documents).toEqual(['Z', 'C', 'B']);
    expect(name).toMatch(/^z\.text, dualform-corpus-/);
  });

  test('a file is one document unless a separator is given', async () => {
    const folder = folderOf({ 'a.txt': 'one\ntwo\n%%\nthree\r\n%%\r\n\n%%\n %%\nfour', 'b.txt': '%%\nfive\n' });
    expect((await readCorpus([folder])).documents).toHaveLength(2);
    expect((await readCorpus([folder], { separator: '%%' })).documents).toEqual([
      'one\ntwo\n',
      'three\r\n',
      ' %%\nfour',
      'five\n',
    ]);
  });

  test('a blank line as separator', async () => {
    const folder = folderOf({ 'a.txt': 'one\ntwo\n\nthree\n\n\nfour' });
    expect((await readCorpus([folder], { separator: '' })).documents).toEqual(['one\ntwo\n', 'three\n', 'four']);
  });

  test('the digest depends on bytes, order and separator, not on names', async () => {
    const digest = async (files: Record<string, string>, separator?: string) =>
      (await readCorpus([folderOf(files)], { separator })).digest;
    const plain = await digest({ 'a.txt': 'one', 'b.txt': 'two' });
    expect(await digest({ 'c.txt': 'one', 'd.txt': 'two' })).toBe(plain);
    expect(await digest({ 'a.txt': 'two', 'b.txt': 'one' })).not.toBe(plain);
    expect(await digest({ 'a.txt': 'one', 'b.txt': 'two' }, '')).not.toBe(plain);
  });

  test('a byte order mark is removed, an odd but valid text is kept', async () => {
    const text = 'a\u0000\ufffd\u{1f642}\u0085\r\nb';
    expect((await readCorpus([folderOf({ 'a.txt': `\ufeff${text}` })])).documents).toEqual([text]);
  });

  test.each([
    ['a lone byte', [0x61, 0xff, 0x62], 1],
    ['a character that is cut off', [0x61, 0x62, 0xe2, 0x82], 2],
    ['a surrogate', [0xc3, 0xa9, 0xed, 0xa0, 0x80], 2],
    ['one after a written U+FFFD', [0xef, 0xbf, 0xbd, 0x61, 0x80], 4],
    ['one after a byte order mark', [0xef, 0xbb, 0xbf, 0x61, 0xc0, 0xaf], 4],
  ])('names file and byte of invalid UTF-8: %s', async (_, bytes, offset) => {
    const folder = folderOf({ 'a.txt': Uint8Array.from(bytes) });
    const reading = readCorpus([folder]);
    await expect(reading).rejects.toThrow(UserError);
    await expect(reading).rejects.toThrow(`${join(folder, 'a.txt')}: not UTF-8: byte ${offset} `);
  });

  test('the byte that it names is the end of the longest valid prefix', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 6 }), async (text, tail) => {
        const bytes = Buffer.concat([Buffer.from('x'), Buffer.from(text), tail]);
        const isValid = (end: number) => Buffer.from(bytes.subarray(0, end).toString()).equals(bytes.subarray(0, end));
        const folder = folderOf({ 'a.txt': bytes });
        const [message] = await readCorpus([folder]).then(
          () => [undefined],
          (error: Error) => [error.message],
        );
        rmSync(folder, { recursive: true });
        expect(message === undefined).toBe(isValid(bytes.length));
        if (message === undefined) return;
        const named = Number(/byte (\d+)/.exec(message)![1]);
        expect(isValid(named)).toBe(true);
        for (let end = named + 1; end <= bytes.length; end++) expect(isValid(end)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ['no text in the files', { 'a.txt': '', 'b.txt': ' \n' }, '', 'is empty'],
    ['a folder without texts', { 'a.md': 'x' }, '', 'there is no .txt file in this folder'],
    ['no such file', {}, 'nothing.txt', 'there is no such file or folder'],
  ])('refuses %s', async (_, files, path, message) => {
    const reading = readCorpus([join(folderOf(files as Record<string, string>), path)]);
    await expect(reading).rejects.toThrow(UserError);
    await expect(reading).rejects.toThrow(message);
  });
});

describe('splitCorpus', () => {
  test('cuts after the end of a line', () => {
    const text = 'one\ntwo\nthree\nfour\nfive\n';
    expect(splitCorpus([text], 0.4)).toEqual({ training: ['one\ntwo\nthree\n'], validation: ['four\nfive\n'] });
  });

  test('keeps whole documents on both sides', () => {
    const documents = ['aaaa', 'bbbb', 'cccc', 'dddd'];
    for (const share of [0.25, 0.3, 0.45]) {
      expect(splitCorpus(documents, share)).toEqual({
        training: documents.slice(0, 3),
        validation: documents.slice(3),
      });
    }
  });

  test('loses only white space', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n'), minLength: 1 }), { minLength: 1 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (documents, share) => {
          const { training, validation } = splitCorpus(documents, share);
          const letters = (all: readonly string[]) => all.join('').replaceAll('\n', '');
          expect(letters(training) + letters(validation)).toBe(letters(documents));
        },
      ),
    );
  });
});
