import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/checkpoint/sources/read-safetensors.ts';
import { bounds } from '../reference/golden.ts';
import { dualform, goldenFile, newFolder, tinyModel } from './dualform.ts';

test('three steps equal torch, under the names and shapes of the checkpoint', async () => {
  const expected = await readSafetensors(goldenFile('llama/expected.safetensors'));
  const { shape, data } = expected.get('sequences')!;
  const [count, length] = shape as [number, number];
  const sequences = Array.from({ length: count }, (_, i) =>
    Array.from(data.slice(i * length, (i + 1) * length), Number).filter(id => id >= 0),
  );
  const folder = await newFolder();
  const [file, out] = [join(folder, 'sequences.json'), join(folder, 'tuned.safetensors')];
  await writeFile(file, JSON.stringify(sequences));
  const learningRate = String(expected.get('learning_rate')!.data[0]);
  const args = ['--model', tinyModel, '--sequences', file, '--learning-rate', learningRate, '--out', out, '--json'];
  const { exitCode, stdout } = await dualform(['finetune', ...args]);
  expect(exitCode).toBe(0);

  const tensors = await readSafetensors(out);
  const after = [...expected].filter(([name]) => name.startsWith('after.model.'));
  expect([...tensors.keys()].sort()).toEqual([...after.map(([name]) => name.slice('after.'.length)), 'loss'].sort());
  for (const [name, answer] of after) {
    const actual = tensors.get(name.slice('after.'.length))!;
    expect(actual.shape).toEqual(answer.shape);
    expect(actual.data as Float32Array).toBeRelativelyClose(answer.data as Float32Array, bounds.weight);
  }
  const loss = expected.get('loss')!.data as Float32Array;
  expect(tensors.get('loss')!.data as Float32Array).toBeRelativelyClose(loss, bounds.forward);
  expect(JSON.parse(stdout).losses).toBeRelativelyClose(loss, bounds.forward);
});

test.each([
  ['[[1, 2], [3]]', 'sequence 2: has fewer than two tokens'],
  ['[[1, 2], [3, 4.5]]', 'sequence 2, token 2: must be a whole number'],
  ['[[1, 2], [3, 400]]', 'sequence 2: token 400 is not in the vocabulary of 257'],
  ['[]', 'has no sequence'],
  ['{"a": 1}', 'must be a list of token-id lists'],
  ['[[1, 2', 'not JSON'],
  [`[[${Array(97).fill(1)}]]`, 'sequence 1 has 97 tokens; the context ends at 96'],
])('%s is refused by file and sequence, and nothing is written', async (text, message) => {
  const folder = await newFolder();
  const file = join(folder, 'sequences.json');
  await writeFile(file, text);
  const out = join(folder, 'tuned.safetensors');
  const args = ['--model', tinyModel, '--sequences', file, '--learning-rate', '0.1', '--out', out];
  const { exitCode, stderr } = await dualform(['finetune', ...args, '--quiet']);
  expect(stderr).toMatch(/^dualform: [^\n]*sequences\.json[^\n]*\n$/);
  expect(stderr).toContain(message);
  expect([1, 2]).toContain(exitCode);
  expect(await readdir(folder)).toEqual(['sequences.json']);
});

test('a learning rate at which finetuning diverges is named', async () => {
  const folder = await newFolder();
  const file = join(folder, 'sequences.json');
  await writeFile(file, JSON.stringify(Array(4).fill([1, 2, 3, 4])));
  const args = ['--model', tinyModel, '--sequences', file, '--learning-rate', '1e38', '--out', join(folder, 'o')];
  const { exitCode, stderr } = await dualform(['finetune', ...args, '--quiet']);
  expect(stderr).toMatch(/^dualform: finetuning diverged in step \d[^\n]*use a learning rate below[^\n]*\n$/);
  expect(exitCode).toBe(1);
});
