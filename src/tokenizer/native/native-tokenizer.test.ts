import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../error.ts';
import { defineTokenizer, parseTokenizerJson } from '../tokenizer-json.ts';
import { nativeTokenizer } from './native-tokenizer.ts';

interface Golden {
  readonly texts: readonly string[];
  readonly tokenizers: readonly {
    readonly name: string;
    readonly json: object;
    /** null where the library refuses the text. */
    readonly ids: readonly (readonly number[] | null)[];
  }[];
}
const { texts, tokenizers }: Golden = JSON.parse(
  readFileSync(new URL('../../../test/golden/tokenizers/tokenizers.json', import.meta.url), 'utf8'),
);
const open = (json: object) => nativeTokenizer(parseTokenizerJson('t.json', Buffer.from(JSON.stringify(json))));

test.each(tokenizers)('gives the ids of the library in Python: $name', ({ json, ids }) => {
  const tokenizer = open(json);
  const kept = texts.filter((_, i) => ids[i] !== null);
  expect(tokenizer.encodeAll(kept)).toEqual(ids.filter(each => each !== null));
  for (const text of texts.filter((_, i) => ids[i] === null)) {
    expect(() => tokenizer.encode(text)).toThrow(UserError);
    expect(() => tokenizer.encode(text)).toThrow(/^t\.json: cannot encode "[^\n]+$/);
  }
});

test('an unknown token that the vocabulary lacks is an error for the text that needs it, and names it', () => {
  const { json } = tokenizers.find(({ name }) => name === 'unk-absent')!;
  const tokenizer = open(json);
  expect(tokenizer.encode('ab')).toHaveLength(1);
  expect(() => tokenizer.encodeAll(['ab', 'a日'])).toThrow(
    't.json: cannot encode "a日": Unk token `<missing>` not found in the vocabulary',
  );
});

describe('the process that holds the library', () => {
  const vocab = { a: 0, b: 1, ab: 2 };
  const good = { version: '1.0', added_tokens: [], model: { type: 'BPE', vocab, merges: ['a b'] } };
  const panics = { ...good, normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAAA' } };

  test('is replaced after a panic: tokenizers from before it go on', () => {
    const tokenizer = open(good);
    expect(tokenizer.encode('aab')).toEqual([0, 2]);
    for (let i = 0; i < 2; i++) {
      expect(() => open(panics)).toThrow(
        /^t\.json: cannot be opened: the library tokenizers ended \(Precompiled: [^\n]+\); fetch the file again$/,
      );
      expect(tokenizer.encode('aab')).toEqual([0, 2]);
      expect(tokenizer.tokenId('ab')).toBe(2);
    }
  });

  test('gives each text its own tokens and names, also where there are none', () => {
    const asked = ['ab', '', 'zz', 'ba'];
    const expected = [[2], [], [], [1, 0]];
    expect(open(good).encodeAll(asked)).toEqual(expected);
    expect(
      open(good)
        .tokenize(asked)
        .map(({ pieces }) => pieces),
    ).toEqual([['ab'], [], [], ['b', 'a']]);
    expect(open(good).encodeAll([])).toEqual([]);
  });

  test('takes texts of more characters than go together', () => {
    const asked = ['ab'.repeat(400_000), 'b', 'ab'.repeat(700_000), 'a'];
    expect(
      open(good)
        .encodeAll(asked)
        .map(({ length }) => length),
    ).toEqual([400_000, 1, 700_000, 1]);
  });

  test('refuses added tokens whose ids the library would change', () => {
    const added = {
      id: 9,
      content: '<s>',
      special: true,
      normalized: false,
      single_word: false,
      lstrip: false,
      rstrip: false,
    };
    const definition = defineTokenizer('t.json', '', { ...good, added_tokens: [added] } as never);
    expect(() => nativeTokenizer(definition)).toThrow(
      'added token "<s>" has id 9, but must have 3 with this vocabulary',
    );
  });
});
