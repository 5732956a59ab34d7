import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { byteCharactersOf, slowMerges } from '../../test/reference/byte-pairs.ts';
import { UserError } from '../error.ts';
import { openTokenizer, type Tokenizer } from './tokenizer.ts';
import { trainTokenizer } from './train-tokenizer.ts';

const golden = (name: string) => readFileSync(new URL(`../../test/golden/byte-pairs/${name}`, import.meta.url), 'utf8');
const corpus = golden('corpus.txt');
const mergesOf = (json: string) => JSON.parse(json).model.merges as readonly (readonly [string, string])[];

async function opened(json: string): Promise<Tokenizer> {
  const folder = await mkdtemp(join(tmpdir(), 'dualform-trained-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'tokenizer.json');
  await writeFile(file, json);
  return openTokenizer({ kind: 'tokenizer.json', file });
}

test('is what the original library trains and writes', async () => {
  const json = await trainTokenizer([corpus], { vocabulary: 600 });
  expect(JSON.parse(json)).toEqual(JSON.parse(golden('tokenizer.json')));
});

test('is read back, and encodes as the original does', async () => {
  const tokenizer = await opened(await trainTokenizer([corpus], { vocabulary: 600 }));
  expect(tokenizer.vocabularySize).toBe(600);
  for (const { text, ids } of JSON.parse(golden('ids.json'))) {
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.decode(ids)).toBe(text);
  }
});

test('always merges the pair that is most frequent', async () => {
  const text = 'low lower lowest newer newest wide wider widest low low new';
  const merges = mergesOf(await trainTokenizer([text], { vocabulary: 257 + 12 }));
  expect(merges).toEqual(slowMerges([`${text}\n`], 12));
});

test('merges any text as the slow reference does', async () => {
  const letters = fc.constantFrom('a', 'b', 'c', 'é', '1', ' ', '\n', "'s");
  const texts = fc.string({ unit: letters, minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(texts, async text => {
      const merges = mergesOf(await trainTokenizer([text], { vocabulary: 257 + 6 }));
      // The library reads a text line by line.
      const lines = `${text}\n`.split(/(?<=\n)/);
      expect(merges).toEqual(slowMerges(lines, 6));
    }),
    { numRuns: 15 },
  );
});

test('encodes every byte, also those that the texts lack', async () => {
  const tokenizer = await opened(await trainTokenizer(['a'], { vocabulary: 257 }));
  const text = 'Ünïcode \u0000 日本 🙂';
  expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  expect(tokenizer.encode('<|endoftext|>')).toEqual([0]);
});

test('gives the same bytes again, a smaller vocabulary as the beginning of a larger, and no more than there is to merge', async () => {
  const large = await trainTokenizer([corpus], { vocabulary: 900 });
  expect(await trainTokenizer([corpus], { vocabulary: 900 })).toBe(large);
  const small = await trainTokenizer([corpus], { vocabulary: 300 });
  expect(mergesOf(large).slice(0, 43)).toEqual(mergesOf(small));
  const all = await opened(await trainTokenizer(['one two'], { vocabulary: 30_000 }));
  expect(all.vocabularySize).toBeLessThan(265);
});

test.each([256, 30_001, 300.5])('refuses a vocabulary of %s tokens', async vocabulary => {
  await expect(trainTokenizer([corpus], { vocabulary })).rejects.toThrow(UserError);
});

test('stops when it is asked to', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(trainTokenizer([corpus], { vocabulary: 300, signal })).rejects.toThrow('enough');
});

test('the slow reference speaks the alphabet of GPT-2', () => {
  expect(byteCharactersOf(' é')).toBe('ĠÃ©');
});
