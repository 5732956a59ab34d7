import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dualform, newFolder } from './dualform.ts';

test('labels behind demonstrations, as the embedded model reads them', async () => {
  const folder = await newFolder();
  const file = join(folder, 'demonstrations.jsonl');
  await writeFile(file, '{"prompt": "dull Label:", "label": "Negative"}\n{"text": "a joy Label:", "label": 1}\n');
  const args = ['--prompt', 'superb Label:', '--labels', ' Negative, Positive, very bad', '--demonstrations', file];
  const { exitCode, stdout, stderr } = await dualform(['score', ...args, '--json', '--quiet']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const { labels, tokens, demonstrations, prediction } = JSON.parse(stdout);
  expect(demonstrations).toBe(2);
  expect(labels.map((each: { label: string }) => each.label)).toEqual([' Negative', ' Positive', ' very bad']);
  const [negative, positive, bad] = labels.map((each: { tokens: number[] }) => each.tokens);
  expect([negative.length, positive.length, bad.length]).toEqual([1, 1, 2]);
  // Document start; prompt, label word, blank line; and again.
  expect(tokens.prefix[0]).toBe(0);
  const blankLine = tokens.prefix.at(-1);
  expect(tokens.prefix.filter((id: number) => id === blankLine)).toHaveLength(2);
  expect(tokens.prefix.at(-2)).toBe(positive[0]);
  expect(tokens.prefix).toContain(negative[0]);
  for (const { logProbability, probability } of labels) {
    expect(logProbability).toBeLessThan(0);
    expect(probability).toBeCloseTo(Math.exp(logProbability), 12);
  }
  expect(prediction).toBe(' Positive');
});

test.each([
  ['{"prompt": "x", "label": "Neutral"}', ':1: label "Neutral" is not among --labels'],
  ['{"prompt": "x", "label": 0}\n{"label": 0}', ':2: needs a "prompt"'],
  ['{"prompt": "x", "label": 2}', ':1: "label" must be one of the label words, or its place from 0 to 1'],
  ['{"prompt": "x"', ':1: the last line is cut off'],
])('%s is refused by file and line', async (text, message) => {
  const file = join(await newFolder(), 'demonstrations.jsonl');
  await writeFile(file, text);
  const args = ['--prompt', 'x', '--labels', ' Negative, Positive', '--demonstrations', file];
  const { exitCode, stderr } = await dualform(['score', ...args]);
  expect(stderr).toMatch(/^dualform: [^\n]*demonstrations\.jsonl:\d: [^\n]+\n$/);
  expect(stderr).toContain(message);
  expect(exitCode).toBe(1);
});
