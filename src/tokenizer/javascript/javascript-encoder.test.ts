import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hardTexts, randomTokenizers } from '../../../test/reference/random-tokenizers.ts';
import { readGguf } from '../../checkpoint/sources/read-gguf.ts';
import { UserError } from '../../error.ts';
import { componentsAt } from '../components.ts';
import type { Encoder } from '../definition.ts';
import { ggufTokenizer } from '../gguf-tokenizer.ts';
import { nativeTokenizer } from '../native/native-tokenizer.ts';
import { defineTokenizer } from '../tokenizer-json.ts';
import { isNormalForm } from './exact-components.ts';
import { javaScriptEncoder } from './javascript-encoder.ts';
import { versionDependent } from './unicode-version.ts';

const golden = (path: string) =>
  JSON.parse(readFileSync(new URL(`../../../test/golden/${path}`, import.meta.url), 'utf8'));

/** What it makes, or undefined where it refuses with a UserError. */
function orRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

test('gives the ids of the Rust library, or refuses', () => {
  const tried = new Set<string>();
  fc.assert(
    fc.property(randomTokenizers, hardTexts, (json, texts) => {
      const definition = defineTokenizer('t.json', '', json as never);
      const native = orRefused(() => nativeTokenizer(definition));
      if (native === undefined) return;
      const encoder: Encoder | undefined = orRefused(() => javaScriptEncoder(definition, ''));
      if (encoder === undefined) return;
      const isNormalized = componentsAt('normalizer', json.normalizer).some(({ type }) => isNormalForm(type));
      const isForeign = (text: string) => versionDependent(text, isNormalized) !== undefined;
      const encoded = texts.map(text => orRefused(() => encoder.tokenize([text])[0]));
      expect(encoded.map(each => each === undefined)).toEqual(texts.map(text => isForeign(text)));
      const accepted = texts.filter((_, i) => encoded[i] !== undefined);
      expect(encoded.filter(each => each !== undefined)).toEqual(native.tokenize(accepted));
      for (const place of ['normalizer', 'pre_tokenizer', 'model'] as const) {
        for (const { type } of componentsAt(place, json[place])) tried.add(type);
      }
      for (const { normalized } of json.added_tokens) tried.add(normalized ? 'normalized token' : 'token');
      if (json.model.byte_fallback === true) tried.add('byte fallback');
      if (json.model.unk_token !== null) tried.add('unknown token');
    }),
    { numRuns: 2000 },
  );
  const all = ['NFC', 'NFD', 'NFKC', 'NFKD', 'Prepend', 'Replace', 'ByteLevel', 'Digits', 'Split', 'Metaspace', 'BPE'];
  expect([...tried]).toEqual(
    expect.arrayContaining([...all, 'token', 'normalized token', 'byte fallback', 'unknown token']),
  );
});

test.each(['smollm', 'gpt-2', 'llama-bpe'])('encodes hostile Unicode as the original does: %s', pre => {
  const file = fileURLToPath(import.meta.resolve('@dualform/smollm2-135m-instruct/model.gguf'));
  const metadata = new Map([...readGguf(file).metadata, ['tokenizer.ggml.pre', pre]]);
  const encoder = javaScriptEncoder(ggufTokenizer(file, metadata), '');
  const texts = golden('pre-tokenizers/unicode.json') as readonly Readonly<Record<string, unknown>>[];
  expect(texts.map(({ text }) => encoder.encode(String(text)))).toEqual(texts.map(({ [pre]: ids }) => ids));
  expect(encoder.tokenId('<|endoftext|>')).toBe(0);
});

describe('refuses by name', () => {
  const vocab = { a: 0, b: 1, ab: 2 };
  const token = { id: 3, content: '<s>', special: true, normalized: false };
  const good = {
    model: { type: 'BPE', vocab, merges: ['a b'], unk_token: null as string | null },
    added_tokens: [token],
  };
  const split = { type: 'Split', pattern: { String: ' ' }, behavior: 'Isolated', invert: false };
  const open = (change: object) =>
    javaScriptEncoder(defineTokenizer('t.json', '', { ...good, ...change } as never), '');

  test('but not what it can do', () => {
    expect(open({}).tokenize(['ab<s>ba'])).toEqual([{ tokens: [2, 3, 1, 0], pieces: ['ab', '<s>', 'b', 'a'] }]);
  });

  test.each([
    ['model "Unigram"', { model: { type: 'Unigram', vocab: [['a', 0]], unk_id: 0 } }],
    ['"end_of_word_suffix"', { model: { ...good.model, end_of_word_suffix: '</w>' } }],
    ['unknown token "x", which is not in the vocabulary,', { model: { ...good.model, unk_token: 'x' } }],
    ['"fuse_unk"', { model: { ...good.model, unk_token: 'a', fuse_unk: true } }],
    ['merges the unknown token', { model: { ...good.model, unk_token: 'a' } }],
    ['a token for every byte', { model: { ...good.model, unk_token: 'a', byte_fallback: true } }],
    ['merges <0x..> tokens', { model: { ...good.model, byte_fallback: true, merges: [['<0x41>', 'a']] } }],
    ['added token "<s>" with "single_word"', { added_tokens: [{ ...token, single_word: true }] }],
    ['added token "<s>" with "lstrip"', { added_tokens: [{ ...token, lstrip: true }] }],
    ['added token "<s>" with "rstrip"', { added_tokens: [{ ...token, rstrip: true }] }],
    ['added token "<s>", empty or twice', { added_tokens: [token, token] }],
    ['normalizer "Lowercase"', { normalizer: { type: 'Lowercase' } }],
    [
      'normalizer "Prepend" behind',
      { normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Prepend' }] } },
    ],
    ['normalizer "Replace" by', { normalizer: { type: 'Replace', pattern: { Regex: ' +' }, content: '' } }],
    ['"ByteLevel" with a space', { pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true } }],
    ['"Split" with behavior "MergedWithNext"', { pre_tokenizer: { ...split, behavior: 'MergedWithNext' } }],
    ['"Split" with behavior "Isolated", invert true', { pre_tokenizer: { ...split, invert: true } }],
    ['"Split" by "[^a]+"', { pre_tokenizer: { ...split, pattern: { Regex: '[^a]+' } } }],
    ['"Metaspace" that splits', { pre_tokenizer: { type: 'Metaspace', replacement: '▁', split: true } }],
    [
      '"Metaspace" behind a normalizer that removes text',
      {
        normalizer: { type: 'Replace', pattern: { String: 'b' }, content: '' },
        pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: false },
      },
    ],
    ['pre_tokenizer "Punctuation"', { pre_tokenizer: { type: 'Punctuation', behavior: 'Isolated' } }],
  ])('%s', (what, change) => {
    const refused = () => open(change);
    expect(refused).toThrow(UserError);
    expect(refused).toThrow(what);
    expect(refused).toThrow(/^t\.json: [^\n]+ cannot be done exactly in JavaScript; /);
  });
});
