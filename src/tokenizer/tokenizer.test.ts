import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readGguf } from '../checkpoint/sources/read-gguf.ts';
import { UserError } from '../error.ts';
import { ggufTokenizer } from './gguf-tokenizer.ts';
import { nativeTokenizer } from './native/native-tokenizer.ts';
import { openTokenizer, type Tokenizer } from './tokenizer.ts';

const golden = (path: string) =>
  JSON.parse(readFileSync(new URL(`../../test/golden/${path}`, import.meta.url), 'utf8'));
const model = fileURLToPath(import.meta.resolve('@dualform/smollm2-135m-instruct/model.gguf'));

let folder: string;
let smollm: Tokenizer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dualform-tokenizer-'));
  smollm = await openTokenizer({ kind: 'gguf', file: model });
});
afterAll(() => rm(folder, { recursive: true }));

describe('the vocabulary of SmolLM2 in its GGUF file', () => {
  test.each(golden('smollm2/tokens.json') as { text: string; ids: number[] }[])('encodes $text', ({ text, ids }) => {
    expect(smollm.encode(text)).toEqual(ids);
  });

  test.each(['smollm', 'gpt-2', 'llama-bpe'])('splits hostile Unicode as the original does: %s', pre => {
    const metadata = new Map([...readGguf(model).metadata, ['tokenizer.ggml.pre', pre]]);
    const tokenizer = nativeTokenizer(ggufTokenizer(model, metadata));
    for (const { text, [pre]: ids } of golden('pre-tokenizers/unicode.json')) {
      expect({ text, ids: tokenizer.encode(text) }).toEqual({ text, ids });
    }
  });

  test('knows its size, its special tokens and its digest', () => {
    expect(smollm.vocabularySize).toBe(49_152);
    expect(smollm.tokenId('<|endoftext|>')).toBe(0);
    expect(smollm.tokenId('ĠPositive')).toBe(smollm.encode(' Positive')[0]);
    expect(smollm.tokenId('no such token')).toBeUndefined();
    expect(smollm.digest).toBe('a7c862b0ccee1a18fd8e29713040a4f1cb18d7a955a540bf6fb6495fd3425639');
  });

  test('decodes special tokens, broken UTF-8 and nothing; refuses foreign ids', () => {
    expect(smollm.decode([0, ...smollm.encode(' a . b')])).toBe('<|endoftext|> a . b');
    expect(smollm.decode([smollm.tokenId('ð')!])).toBe('\ufffd');
    expect(smollm.decode([])).toBe('');
    expect(() => smollm.decode([49_152])).toThrow(UserError);
  });

  test('reads an unpaired surrogate as U+FFFD', () => {
    expect(smollm.encode('a\ud800b')).toEqual(smollm.encode('a\ufffdb'));
    expect(smollm.encode('\udc00')).toEqual(smollm.encode('\ufffd'));
  });

  test('gives back every text whose bytes it knows', () => {
    // The vocabulary has no token for these control characters, nor for the lead bytes of planes 4
    // to 11.
    const lacks = (code: number) =>
      [0x04, 0x06, 0x13, 0x14, 0x16, 0x1d].includes(code) || (code >= 0x40000 && code < 0xc0000);
    const text = fc
      .oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }))
      .filter(s => !Array.from(s).some(character => lacks(character.codePointAt(0)!)));
    fc.assert(
      fc.property(text, s => {
        expect(smollm.decode(smollm.encode(s))).toBe(s);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['letters', 'ab'],
    ['spaces', ' '],
    ['digits', '7'],
    ['words', 'hello world '],
  ])('encodes half a megabyte of %s: what takes quadratic time does not end before the test does', (_, unit) => {
    const text = unit.repeat(Math.floor(5e5 / unit.length));
    const ids = smollm.encode(text);
    expect(smollm.decode(ids) === text).toBe(true);
  });
});

describe('tokenizer.json', () => {
  const vocab = { a: 0, b: 1, c: 2, ab: 3, abc: 4, Ġ: 5 };
  const plain = { special: true, normalized: false, single_word: false, lstrip: false, rstrip: false };
  const added = (id: number, content: string) => ({ id, content, ...plain });
  const good = {
    added_tokens: [added(6, '<end>')],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<end>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { '<end>': { id: '<end>', ids: [6], tokens: ['<end>'] } },
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', vocab, merges: ['a b', 'ab c'] },
  };
  const withModel = (change: object) => ({ ...good, model: { ...good.model, ...change } });
  const open = async (content: unknown) => {
    const file = join(folder, 'tokenizer.json');
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    return openTokenizer({ kind: 'tokenizer.json', file });
  };

  test('adds no token, merges in order, finds special tokens, leaves out what it has not', async () => {
    const tokenizer = await open(good);
    expect(tokenizer.encode('abc ba<end>axb')).toEqual([4, 5, 1, 0, 6, 3]);
    expect(tokenizer.vocabularySize).toBe(7);
    expect(tokenizer.decode([4, 6])).toBe('abc<end>');
  });

  test('Digits cuts out every number character, not ASCII digits alone', async () => {
    const digits = { type: 'Digits', individual_digits: true };
    const pre_tokenizer = { type: 'Sequence', pretokenizers: [digits, good.pre_tokenizer] };
    const tokens = { Â: 0, '½': 1, '²': 2, 'Â½': 3, 'Â½Â': 4, 'Â½Â²': 5 };
    const merges = ['Â ½', 'Â½ Â', 'Â½Â ²'];
    const tokenizer = await open({ ...withModel({ vocab: tokens, merges }), pre_tokenizer, added_tokens: [] });
    expect(tokenizer.encode('½²')).toEqual([3, 0, 2]);
  });

  test.each([
    ['not JSON', '{"model": {', /not JSON/],
    ['empty', '', /not JSON/],
    ['a list', [], /not a tokenizer.json/],
    ['no model', { ...good, model: undefined }, /not a tokenizer.json: model/],
    ['another model', withModel({ type: 'Magic' }), /model "Magic" is not supported; these are: BPE, Unigram, /],
    ['vocabulary as a list', withModel({ vocab: ['a'] }), /cannot be opened: invalid type: /],
    ['vocabulary as a text', withModel({ vocab: 'a' }), /model.vocab must be an object/],
    ['empty vocabulary', withModel({ vocab: {} }), /model.vocab is empty/],
    ['two tokens with one id', withModel({ vocab: { ...vocab, x: 4 } }), /"abc" and "x" share id 4/],
    ['an id that is none', withModel({ vocab: { ...vocab, x: -1 } }), /"x" has id -1/],
    [
      'an added token over another',
      { ...good, added_tokens: [added(2, '<end>')] },
      /"<end>" has id 2, but must have 6/,
    ],
    ['an added token with two ids', { ...good, added_tokens: [added(9, 'ab')] }, /"ab" has id 9, but must have 3/],
    ['no merges', withModel({ merges: undefined }), /Missing vocab\/merges/],
    ['a merge into nothing', withModel({ merges: ['b c'] }), /Token `bc` out of vocabulary/],
    ['a merge that goes in a circle', withModel({ merges: [['a', '']] }), /Token `` out of vocabulary/],
    ['merges that are no list', withModel({ merges: 'Fuse' }), /model.merges must be a list of pairs/],
    ['a merge that is no pair', withModel({ merges: [['a', 'b', 'c']] }), /model.merges must be a list of pairs/],
    [
      'byte pairs without a type whose vocabulary lacks a merge',
      withModel({ type: undefined, merges: ['b c'] }),
      /Token `bc` out of vocabulary/,
    ],
    ['a merge of three', withModel({ merges: ['a b c'] }), /Merges text file invalid/],
    ['ids that are drawn at random', withModel({ dropout: 0.1 }), /model.dropout 0.1 gives other ids each time/],
    [
      'a pre-tokenizer nobody knows',
      { ...good, pre_tokenizer: { type: 'Magic' } },
      /pre_tokenizer "Magic" is not supp/,
    ],
    [
      'a table of characters that ends the library',
      { ...good, normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAAA' } },
      /the library tokenizers ended \(Precompiled: .*Cannot parse precompiled_charsmap/,
    ],
  ])('refuses %s', async (_, content, message) => {
    const error = await open(content).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain(join(folder, 'tokenizer.json'));
    expect((error as Error).message).not.toContain('\n');
  });

  test('refuses a file that is not there', async () => {
    const file = join(folder, 'nowhere.json');
    await expect(openTokenizer({ kind: 'tokenizer.json', file })).rejects.toThrow(UserError);
  });

  test('says that a file is a Git LFS pointer', async () => {
    const file = join(folder, 'pointer.json');
    await writeFile(file, 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n');
    const opened = openTokenizer({ kind: 'tokenizer.json', file });
    await expect(opened).rejects.toThrow(`${file}: a Git LFS pointer, not the file that it points to`);
  });
});

test('tokenizer.model is refused by name', async () => {
  await expect(openTokenizer({ kind: 'sentencepiece', file: 'model/tokenizer.model' })).rejects.toThrow(
    /^model\/tokenizer.model: files of SentencePiece are not supported; put the tokenizer.json/,
  );
});

describe('a GGUF vocabulary', () => {
  const good = {
    model: 'gpt2',
    pre: 'gpt-2',
    tokens: ['<end>', 'a', 'b', 'ab', '<mine>'],
    token_type: [3, 1, 1, 1, 4],
    merges: ['a b'],
  };
  const open = (change: object) => {
    const entries = Object.entries({ ...good, ...change }).map(
      ([key, value]) => [`tokenizer.ggml.${key}`, value] as const,
    );
    return nativeTokenizer(ggufTokenizer('m.gguf', new Map<string, unknown>(entries)));
  };

  test('finds control and user-defined tokens in the text', () => {
    expect(open({}).encode('ab<mine>a<end>')).toEqual([3, 4, 1, 0]);
  });

  test.each([
    ['another kind', { model: 't5' }, /kind "t5" is not supported; "gpt2" and "llama" are/],
    ['no name of a pre-tokenizer', { pre: undefined }, /tokenizer.ggml.pre is missing.*--pre-tokenizer NAME/],
    ['no merges', { merges: undefined }, /tokenizer.ggml.merges is missing/],
    ['no scores', { model: 'llama', merges: undefined }, /tokenizer.ggml.scores is missing/],
    ['too few scores', { model: 'llama', scores: [1] }, /5 tokens but 1 scores/],
    ['no vocabulary', { model: undefined }, /holds no vocabulary/],
    ['an unknown pre-tokenizer', { pre: 'magic' }, /"magic" is not supported; these are: gpt-2, default, /],
    ['no tokens', { tokens: undefined }, /tokenizer.ggml.tokens is missing/],
    ['numbers for tokens', { tokens: [1, 2] }, /tokenizer.ggml.tokens/],
    ['too few types', { token_type: [1] }, /5 tokens but 1 token types/],
    ['a token twice', { tokens: ['<end>', 'a', 'b', 'a', 'c'] }, /"a" has two ids, 1 and 3/],
  ])('refuses %s', (_, change, message) => {
    expect(() => open(change)).toThrow(message);
    expect(() => open(change)).toThrow(UserError);
  });

  test('refuses to merge into text that is no token', () => {
    expect(() => open({ merges: ['b a'] })).toThrow('m.gguf: cannot be opened: Token `ba` out of vocabulary');
  });
});
