import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dualform, goldenFile, newFolder } from './dualform.ts';

const TRAINED = goldenFile('byte-pairs/tokenizer.json');

test('ids and pieces of the embedded model, one line a token', async () => {
  const { stdout, exitCode } = await dualform(['tokenize', '--text', ' Positive<|endoftext|>']);
  expect(exitCode).toBe(0);
  const lines = stdout.split('\n').map(line => line.trim().split(/\s+/));
  expect(lines[0]).toEqual(['id', 'piece']);
  expect(lines[1]![1]).toBe('"ĠPositive"');
  expect(lines[2]).toEqual(['0', '"<|endoftext|>"']);
});

test('the lines of a file, in their order, by a tokenizer.json', async () => {
  const cases = JSON.parse(readFileSync(goldenFile('byte-pairs/ids.json'), 'utf8')) as {
    text: string;
    ids: number[];
  }[];
  const file = join(await newFolder(), 'texts.jsonl');
  await writeFile(file, [...cases, { text: '' }].map(({ text }) => JSON.stringify({ text })).join('\n'));
  const { stdout, stderr, exitCode } = await dualform(['tokenize', '--tokenizer', TRAINED, '--file', file, '--json']);
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  const { schema, texts } = JSON.parse(stdout);
  expect(schema).toBe('dualform.tokenize/1');
  expect(texts.map(({ tokens }: { tokens: number[] }) => tokens)).toEqual([...cases.map(({ ids }) => ids), []]);
  const { vocab } = JSON.parse(readFileSync(TRAINED, 'utf8')).model;
  for (const { tokens, pieces } of texts) {
    expect(pieces.map((piece: string) => vocab[piece])).toEqual(tokens);
  }
});

test.each([
  [['--text', 'x', '--file', 'y.jsonl'], 'give one of --text and --file', 2],
  [[], 'give one of --text and --file', 2],
  [['--text', 'x', '--model', 'm', '--tokenizer', TRAINED], 'give one of --model and --tokenizer', 2],
  [['--text', 'x', '--tokenizer', 'nowhere.json'], 'nowhere.json: there is no such file', 1],
  [['--text', 'x', '--tokenizer', TRAINED.replace('tokenizer.json', 'ids.json')], 'ids.json: not a tokenizer.json', 1],
])('refuses %j', async (args, message, status) => {
  const { stderr, exitCode } = await dualform(['tokenize', ...args]);
  expect(stderr).toMatch(/^dualform: [^\n]+\n$/);
  expect(stderr).toContain(message);
  expect(exitCode).toBe(status);
});

test('refuses a line without a text', async () => {
  const file = join(await newFolder(), 'texts.jsonl');
  await writeFile(file, '{"text": "a"}\n{"prompt": "b"}\n');
  const { stderr, exitCode } = await dualform(['tokenize', '--tokenizer', TRAINED, '--file', file]);
  expect(stderr).toBe(`dualform: ${file}:2: needs a "text", as in {"text": "..."}\n`);
  expect(exitCode).toBe(1);
});
