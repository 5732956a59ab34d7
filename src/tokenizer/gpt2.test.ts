import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tiktoken } from 'js-tiktoken/lite';
import ranks from 'js-tiktoken/ranks/gpt2';
import { expect, onTestFinished, test } from 'vitest';
import { gpt2TokenizerJson } from './gpt2.ts';
import { openTokenizer } from './tokenizer.ts';

const golden = (path: string) => readFileSync(new URL(`../../test/golden/${path}`, import.meta.url), 'utf8');

test('the tokenizer.json of GPT-2 encodes as GPT-2', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dualform-gpt2-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'tokenizer.json');
  const json = await gpt2TokenizerJson();
  await writeFile(file, json);
  const tokenizer = await openTokenizer({ kind: 'tokenizer.json', file });
  expect(tokenizer.vocabularySize).toBe(50_257);
  expect(tokenizer.encode('<|endoftext|>')).toEqual([50_256]);
  for (const { text, gpt2 } of JSON.parse(golden('gpt2_encodings.json'))) expect(tokenizer.encode(text)).toEqual(gpt2);
  // The same byte pairs by their ranks, as tiktoken merges them.
  const ranked = new Tiktoken(ranks);
  for (const text of [golden('byte-pairs/corpus.txt').replace('<|endoftext|>', ''), golden('README.md')]) {
    expect(tokenizer.encode(text)).toEqual(ranked.encode(text));
  }
  // The first and last lines of the merges that were published with GPT-2.
  const { merges } = JSON.parse(json).model;
  expect(merges.slice(0, 4)).toEqual([
    ['Ġ', 't'],
    ['Ġ', 'a'],
    ['h', 'e'],
    ['i', 'n'],
  ]);
  expect(merges).toHaveLength(50_000);
});
