import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '../error.ts';
import { parseFairseqDictionary } from './fairseq-dictionary.ts';
import { gpt2Json } from './gpt2.ts';
import { openTokenizer, type Tokenizer } from './tokenizer.ts';

const golden = (path: string) => fileURLToPath(new URL(`../../test/golden/${path}`, import.meta.url));
const json = (path: string) => JSON.parse(readFileSync(golden(path), 'utf8'));
const texts = json('fairseq/expected_tokens.json').texts as { text: string; gpt2: number[]; fairseq: number[] }[];

let folder: string;
let fairseq: Tokenizer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dualform-fairseq-'));
  fairseq = await openTokenizer({ kind: 'fairseq', dictionary: golden('fairseq/dict.txt') });
});
afterAll(() => rm(folder, { recursive: true }));

async function withDictionary(text: string): Promise<Tokenizer> {
  const dictionary = join(folder, 'dict.txt');
  await writeFile(dictionary, text);
  return openTokenizer({ kind: 'fairseq', dictionary });
}

describe('dict.txt of fairseq over the byte pairs of GPT-2', () => {
  test.each(texts)('encodes and decodes $text', ({ text, fairseq: ids }) => {
    expect(fairseq.encode(text)).toEqual(ids);
    expect(fairseq.decode(ids)).toBe(text);
  });

  test('special tokens come first and are found in a text; rows that fill the table have an id', () => {
    expect(['<s>', '<pad>', '</s>', '<unk>'].map(fairseq.tokenId)).toEqual([0, 1, 2, 3]);
    expect(fairseq.encode('<s> Negative</s> Positive')).toEqual([0, 5047, 2, 41066]);
    expect(fairseq.decode([0, 5047, 2, 41066])).toBe('<s> Negative</s> Positive');
    expect(fairseq.vocabularySize).toBe(50_264);
    expect(fairseq.tokenId('madeupword0002')).toBe(50_263);
    expect(fairseq.decode([5047, 50_263])).toBe(' Negativemadeupword0002');
    expect(fairseq.tokenId('ĠNegative')).toBe(5047);
    expect(fairseq.tokenId('no such token')).toBeUndefined();
    expect(() => fairseq.decode([50_264])).toThrow(UserError);
    expect(() => fairseq.decode([-1])).toThrow(UserError);
  });

  test('gives back every text', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(text, s => {
        expect(fairseq.decode(fairseq.encode(s))).toBe(s);
      }),
      { numRuns: 300 },
    );
  });

  test('tokens that it lacks are unknown, but merged all the same', async () => {
    const small = await withDictionary('36183 9\n25 1\n');
    expect(small.encode(' Negative: x')).toEqual([4, 5, 3]);
    expect(small.vocabularySize).toBe(6);
    expect(small.tokenId('Ġx')).toBeUndefined();
  });

  test('a symbol may stand again where the line says so; the later one counts', async () => {
    const twice = await withDictionary('36183 9\n25 1\n36183 2 #fairseq:overwrite\n<s> 0 #fairseq:overwrite\n');
    expect(twice.encode(' Negative')).toEqual([6]);
    expect(twice.decode([4, 6])).toBe(' Negative Negative');
    expect(twice.vocabularySize).toBe(8);
    expect(twice.tokenId('<s>')).toBe(0);
  });

  test.each([
    ['a symbol twice', '36183 9\n36183 2\n', 'line 2 ("36183 2") repeats a symbol of an earlier line'],
    ['a special token', '<s> 1\n36183 9\n', 'line 1 ("<s> 1") repeats a symbol'],
    ['words', 'the 10\nof 9\n', 'line 1 ("the 10") is no id of a GPT-2 token'],
    ['an id past the last', '50257 1\n', 'is no id of a GPT-2 token'],
    ['an id in another form', '007 1\n', 'is no id of a GPT-2 token'],
    ['no count', '36183\n', 'is not a symbol and its count'],
    ['a count that is none', '36183 x\n', 'is not a symbol and its count'],
    ['an empty line', '36183 1\n\n25 1\n', 'line 2 ("") is not a symbol and its count'],
    ['more behind the count', '36183 1 2\n', 'is not a symbol and its count'],
    ['nothing', '', 'names no token of GPT-2'],
    ['JSON', '{"a": 1}', 'is not a symbol and its count'],
  ])('refuses %s', async (_, text, message) => {
    const opened = withDictionary(text);
    await expect(opened).rejects.toThrow(UserError);
    await expect(opened).rejects.toThrow(message);
  });

  test('any text is read or refused with one line', () => {
    const line = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat(60_000), fc.nat()).map(pair => pair.join(' ')),
    );
    fc.assert(
      fc.property(fc.array(line), lines => {
        try {
          parseFairseqDictionary('dict.txt', lines.join('\n'));
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          expect((error as UserError).message).not.toContain('\n');
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a file that is not there', async () => {
    const opened = openTokenizer({ kind: 'fairseq', dictionary: join(folder, 'none.txt') });
    await expect(opened).rejects.toThrow(/none\.txt: there is no such file/);
  });
});

describe('vocab.json and merges.txt of GPT-2', () => {
  const file = () => join(folder, 'vocab.json');
  const merges = () => join(folder, 'merges.txt');

  async function writeGpt2(): Promise<void> {
    const { vocab, merges: pairs } = (await gpt2Json()).model;
    const lines = pairs.map(pair => (pair as readonly string[]).join(' '));
    await writeFile(merges(), `#version: 0.2\n${lines.join('\n')}\n`);
    await writeFile(file(), JSON.stringify(vocab));
  }

  test('encodes as GPT-2, and finds its special tokens', async () => {
    await writeGpt2();
    const gpt2 = await openTokenizer({ kind: 'gpt2', file: file(), merges: merges() });
    for (const { text, gpt2: ids } of json('gpt2_encodings.json')) expect(gpt2.encode(text)).toEqual(ids);
    expect(gpt2.encode('<|endoftext|> Negative')).toEqual([50_256, 36_183]);
    expect(gpt2.vocabularySize).toBe(50_257);
  });

  const small = { a: 0, b: 1, ab: 2, '<|endoftext|>': 3 };
  async function openSmall(beside: Readonly<Record<string, unknown>>, mergeLines = '#version: 0.2\na b\n') {
    await writeFile(file(), JSON.stringify(small));
    await writeFile(merges(), mergeLines);
    const source: Record<string, string> = {};
    for (const [key, content] of Object.entries(beside)) {
      source[key] = join(folder, `${key}.json`);
      await writeFile(source[key], JSON.stringify(content));
    }
    return openTokenizer({ kind: 'gpt2', file: file(), merges: merges(), ...source });
  }

  test('special tokens come from the files next to it', async () => {
    const tokenizer = await openSmall({
      addedFile: { '<s>': 4, '</s>': 5 },
      specialFile: { bos_token: '<s>', eos_token: { content: '</s>', lstrip: false }, pad_token: '<nowhere>' },
      configFile: { tokenizer_class: 'GPT2Tokenizer', added_tokens_decoder: { 6: { content: '<mask>' } } },
    });
    expect(tokenizer.encode('<s>ab</s><mask>')).toEqual([4, 2, 5, 6]);
    expect(tokenizer.tokenId('<nowhere>')).toBeUndefined();
  });

  test('a vocabulary without a first line of version', async () => {
    expect((await openSmall({}, 'a b')).encode('ab')).toEqual([2]);
  });

  test.each([
    [
      'another tokenizer',
      { configFile: { tokenizer_class: 'CLIPTokenizer' } },
      'CLIPTokenizer without a tokenizer.json',
    ],
    ['a prefix space', { configFile: { add_prefix_space: true } }, 'add_prefix_space is not supported'],
    ['an id that is none', { addedFile: { '<s>': -4 } }, 'addedFile.json: <s>'],
    ['two ids', { addedFile: { ab: 9 } }, 'token "ab" has two ids, 2 and 9'],
    ['a shared id', { addedFile: { '<s>': 2 } }, 'tokens "ab" and "<s>" share id 2'],
    ['a list', { specialFile: [] }, 'specialFile.json: the file'],
  ])('refuses %s', async (_, beside, message) => {
    const opened = openSmall(beside);
    await expect(opened).rejects.toThrow(UserError);
    await expect(opened).rejects.toThrow(message);
  });

  test('refuses a merge of what is no token', async () => {
    await expect(openSmall({}, 'a c\n')).rejects.toThrow('vocab.json: cannot be opened: Token `c` out of vocabulary');
  });
});
