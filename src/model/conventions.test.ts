import { describe, expect, test } from 'vitest';
import { conventionsOf } from './conventions.ts';

const tokenizer = (special: Readonly<Record<string, number>>) => ({
  encode: (text: string) => (Object.hasOwn(special, text) ? [special[text]!] : [...text].map(c => c.charCodeAt(0))),
  tokenId: (token: string) => special[token],
});
const smollm2 = tokenizer({ '<|endoftext|>': 0, '<|im_start|>': 1, '<|im_end|>': 2 });
const checkpoint = (config: object) => ({ source: 'models/mine', config: config as Record<string, unknown> });

describe('BOS', () => {
  test('SmolLM2: not the chat token that its metadata names', () => {
    expect(conventionsOf(checkpoint({ bos_token_id: 1 }), smollm2).bos).toBe(0);
  });
  test('others: that of their configuration', () => {
    expect(conventionsOf(checkpoint({ bos_token_id: 5 }), tokenizer({})).bos).toBe(5);
  });
  test.each([{}, { bos_token_id: null }, { bos_token_id: [1, 2] }])('%o: needs the option', config => {
    expect(() => conventionsOf(checkpoint(config), tokenizer({}))).toThrow(/^bos: .*models\/mine/);
  });
  test('that of the user', () => {
    const mine = tokenizer({ '<s>': 9 });
    const start = (bos: string) => conventionsOf(checkpoint({}), mine, { bos }).bos;
    expect(start('<s>')).toBe(9);
    expect(start('\n')).toBe(10);
    expect(() => start('two')).toThrow(/^bos two: is not one token/);
  });
});

test('separator: a blank line, or that of the user, which may have special tokens', () => {
  const { separator } = conventionsOf(checkpoint({ bos_token_id: 1 }), smollm2);
  expect(separator).toEqual([10, 10]);
  const said = (text: string) => conventionsOf(checkpoint({}), smollm2, { separator: text }).separator;
  expect(said('<|im_end|>')).toEqual([2]);
  expect(said('')).toEqual([]);
});

test('separator of fairseq models: their end of a line', () => {
  const config = { model_type: 'xglm', bos_token_id: 0, eos_token_id: 2 };
  expect(conventionsOf(checkpoint(config), tokenizer({}))).toEqual({ bos: 0, separator: [2] });
  const { eos_token_id: _, ...without } = config;
  expect(conventionsOf(checkpoint(without), tokenizer({})).separator).toEqual([2]);
});
