import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { UserError } from '../error.ts';
import { ggufTokenizer } from './gguf-tokenizer.ts';
import { nativeTokenizer } from './native/native-tokenizer.ts';

const golden = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../test/golden/gguf-vocabulary/${name}.json`, import.meta.url), 'utf8'));
const vocabularies: Readonly<Record<string, Readonly<Record<string, unknown>>>> = golden('vocabularies');
const { texts, ids } = golden('ids') as {
  readonly texts: readonly string[];
  readonly ids: Readonly<Record<string, readonly (readonly number[])[]>>;
};
const SPECIAL = ['<s>', '</s>', '<unk>', '<mine>', '<|end|>'];
const isPlain = (text: string) => !SPECIAL.some(token => text.includes(token));

function encodeAll(architecture: string, vocabulary: Readonly<Record<string, unknown>>, asked = texts) {
  const entries = Object.entries(vocabulary).map(([key, value]) => [`tokenizer.ggml.${key}`, value] as const);
  const metadata = new Map<string, unknown>([['general.architecture', architecture], ...entries]);
  return nativeTokenizer(ggufTokenizer('m.gguf', metadata)).encodeAll(asked);
}

test.each(Object.keys(ids).filter(name => !name.includes('/')))('splits as the models named %s', pre => {
  expect(encodeAll('llama', { ...vocabularies.gpt2, pre })).toEqual(ids[pre]);
});

describe('byte pairs of SentencePiece', () => {
  test.each(['llama', 'phi3', 'gemma2'])('as transformers reads them of architecture %s', architecture => {
    const vocabulary = vocabularies[architecture === 'gemma2' ? 'gemma' : 'llama']!;
    expect(encodeAll(architecture, vocabulary)).toEqual(ids[`llama/${architecture}`]);
  });

  const sentencePiece = ids['llama/sentencepiece']!;
  test.each([
    ['phi3', 'any text without special tokens', isPlain],
    ['llama', 'those that do not begin with a space', (text: string) => isPlain(text) && !/^[ ▁]/.test(text)],
  ])('of architecture %s as SentencePiece itself: %s', (architecture, _, isCompared) => {
    const compared = texts.filter(isCompared);
    expect(compared.length).toBeGreaterThan(25);
    const expected = sentencePiece.filter((_, i) => isCompared(texts[i]!));
    expect(encodeAll(architecture, vocabularies.llama!, compared)).toEqual(expected);
  });

  test('without a space before the text where the file says so, merges from the file', () => {
    const tokens = ['a', 'b', '▁', 'ab', '▁a', '<s>'];
    const merges = ['a b', '▁ a'];
    const vocabulary = { model: 'llama', tokens, merges, token_type: [1, 1, 1, 1, 1, 3], bos_token_id: 5 };
    expect(encodeAll('llama', vocabulary, ['ab ab', 'b'])).toEqual([
      [2, 3, 2, 3],
      [2, 1],
    ]);
    expect(encodeAll('llama', { ...vocabulary, add_space_prefix: false }, ['ab ab', 'b'])).toEqual([[3, 2, 3], [1]]);
  });

  test('better scores are merged first, of equal ones the longer left part', () => {
    const tokens = ['▁', 'a', 'b', 'c', 'ab', 'bc', 'abc'];
    const of = (scores: readonly number[]) =>
      encodeAll('llama', { model: 'llama', tokens, scores, add_space_prefix: false }, ['abc', 'abbc']);
    expect(of([0, 0, 0, 0, -1, -2, -3])).toEqual([[6], [4, 5]]);
    expect(of([0, 0, 0, 0, -2, -1, -9])).toEqual([[6], [4, 5]]);
  });
});

test.each(['bert', 't5', 'rwkv', 'plamo2', 'gemma4'])('refuses a vocabulary of kind %s by name', model => {
  const open = () => encodeAll('llama', { ...vocabularies.gpt2, model });
  expect(open).toThrow(UserError);
  expect(open).toThrow(
    `m.gguf: vocabulary of kind "${model}" is not supported; "gpt2" and "llama" are; give token ids`,
  );
});

test('special tokens are found in a text, also where the file names them by their id alone', () => {
  const tokens = ['<s>', 'a', '<', 's', '>'];
  const vocabulary = { model: 'gpt2', pre: 'gpt-2', tokens, merges: ['< s'], token_type: [1, 1, 1, 1, 1] };
  expect(() => encodeAll('llama', vocabulary)).toThrow('Token `<s` out of vocabulary');
  const right = { ...vocabulary, tokens: [...tokens, '<s'], token_type: [1, 1, 1, 1, 1, 1] };
  expect(encodeAll('llama', right, ['a<s>'])).toEqual([[1, 2, 3, 4]]);
  expect(encodeAll('llama', { ...right, bos_token_id: 0 }, ['a<s>'])).toEqual([[1, 0]]);
});
