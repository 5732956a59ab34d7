import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/checkpoint/sources/read-safetensors.ts';
import { bounds } from '../reference/golden.ts';
import { dualform, goldenFile, newFolder, tinyModel } from './dualform.ts';

async function traceOf(args: readonly string[]) {
  const out = join(await newFolder(), 'trace.safetensors');
  const { exitCode, stdout, stderr } = await dualform(['trace', '--json', '--quiet', '--out', out, ...args]);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  return { document: JSON.parse(stdout), tensors: await readSafetensors(out) };
}

const ids = (data: ArrayLike<number | bigint>) => Array.from(data, Number).join(',');

test.each([
  { model: 'llama', args: ['--model', tinyModel], layers: [0, 1], bound: bounds.forward },
  {
    model: 'smollm2',
    args: ['--taps', 'logits,attention_output,attention_scores'],
    layers: [0, 1, 14, 29],
    bound: bounds.deep,
  },
])('trace of $model equals torch, plain and behind a prefix', async ({ model, args, layers, bound }) => {
  const expected = await readSafetensors(goldenFile(`${model}/expected.safetensors`));
  const tokens = ids(expected.get('tokens')!.data);
  const prefixIds = ids(expected.get('memory_tokens')!.data);
  const names = ['logits', ...layers.flatMap(n => [`layers.${n}.attention_output`, `layers.${n}.attention_scores`])];
  for (const [key, more] of [
    ['', []],
    ['memory.', ['--prefix-tokens', prefixIds]],
  ] as const) {
    const { tensors } = await traceOf([...args, '--tokens', tokens, ...more]);
    for (const name of names) {
      const [actual, answer] = [tensors.get(name)!, expected.get(key + name)!];
      expect(actual.dtype).toBe('F32');
      expect(actual.shape, name).toEqual(answer.shape);
      expect(actual.data as Float32Array).toBeRelativelyClose(answer.data as Float32Array, bound);
    }
  }
});

test('--taps picks by kind and by name', async () => {
  const { document, tensors } = await traceOf([
    '--model',
    tinyModel,
    '--tokens',
    '1 2 3',
    '--taps',
    'query, layers.1.attention_output',
  ]);
  expect([...tensors.keys()].sort()).toEqual(['layers.0.query', 'layers.1.attention_output', 'layers.1.query']);
  expect(document.tensors).toContainEqual({ name: 'layers.1.attention_output', shape: [3, 32] });
  expect(document).toMatchObject({ tokens: [1, 2, 3], prefixTokens: [] });
});

test('without --json a table for people', async () => {
  const out = join(await newFolder(), 'trace.safetensors');
  const { stdout } = await dualform(['trace', '--model', tinyModel, '--tokens', '1,2', '--out', out]);
  expect(stdout).toContain('layers.0-1.attention_scores  [4, 2, 2]');
  expect(stdout).toContain(`written to ${out}`);
});

test('--momentum runs a plain checkpoint with momentum attention; 0 changes nothing', async () => {
  const expected = await readSafetensors(goldenFile('momentum-gpt2/expected.safetensors'));
  const tokens = ids(expected.get('tokens')!.data);
  const plainFile = ['--model', goldenFile('gpt2/'), '--tokens', tokens];
  const behind = ['--prefix-tokens', ids(expected.get('memory_tokens')!.data)];
  const { tensors } = await traceOf([...plainFile, ...behind, '--momentum', '0.4']);
  const answer = expected.get('memory.logits')!;
  expect(tensors.get('logits')!.data as Float32Array).toBeRelativelyClose(answer.data as Float32Array, bounds.forward);
  const [plain, none] = [await traceOf(plainFile), await traceOf([...plainFile, '--momentum', '0'])];
  expect(none.tensors).toEqual(plain.tensors);
});

test.each(['1', '-0.1', 'much'])('--momentum %s is wrong use', async momentum => {
  const args = ['trace', '--model', tinyModel, '--tokens', '1', '--out', 'x.safetensors', `--momentum=${momentum}`];
  const { exitCode, stderr } = await dualform(args);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^dualform: --momentum \S+: must be a number from 0 to below 1/);
});

test('what is read is never written over, by whatever name', async () => {
  const folder = await newFolder();
  await cp(tinyModel, join(folder, 'model'), { recursive: true });
  const weights = join(folder, 'model/model.safetensors');
  const before = await readFile(weights);
  await symlink(weights, join(folder, 'link'));
  const sequences = join(folder, 'sequences.json');
  await writeFile(sequences, '[[1,2,3]]');
  const model = ['--model', join(folder, 'model'), '--quiet'];
  const finetune = ['finetune', ...model, '--sequences', sequences, '--learning-rate', '0.1'];
  for (const [args, out] of [
    [['trace', ...model, '--tokens', '1,2'], weights],
    [['trace', ...model, '--tokens', '1,2'], join(folder, 'link')],
    [finetune, weights],
    [finetune, sequences],
  ] as const) {
    const { exitCode, stderr } = await dualform([...args, '--out', out]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^dualform: --out .*: would write over .*, which is read; name another file\n$/);
  }
  expect(await readFile(weights)).toEqual(before);
  expect(await readFile(sequences, 'utf8')).toBe('[[1,2,3]]');
});
