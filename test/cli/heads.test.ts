import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { readSafetensors } from '../../src/checkpoint/sources/read-safetensors.ts';
import { readTensor } from '../../src/checkpoint/sources/read-tensor.ts';
import { dictionary, storage, tensor, torchFile } from '../torch-archive.ts';
import { dualform, goldenFile, newFolder, tinyModel } from './dualform.ts';

/** The golden fairseq model without the settings that it was made with. */
let silent: string;
beforeAll(async () => {
  const { tensors } = await openCheckpoint(goldenFile('fairseq'));
  const weights = [...tensors.values()];
  const storages: Record<string, Uint8Array> = {};
  for (const [i, location] of weights.entries()) storages[i] = new Uint8Array((await readTensor(location)).buffer);
  const state = weights.map(({ name, shape }, i) => {
    return [name, tensor(storage(String(i), 'FloatStorage', storages[i]!.length / 4), shape)];
  });
  const folder = await mkdtemp(join(tmpdir(), 'dualform-heads-'));
  silent = join(folder, 'model.pt');
  await writeFile(silent, torchFile(dictionary({ model: dictionary(Object.fromEntries(state)) }), storages));
  return () => rm(folder, { recursive: true });
});

const trace = async (model: string, heads: readonly string[] = []) => {
  const out = join(await newFolder(), 'trace.safetensors');
  const args = ['trace', '--model', model, ...heads, '--tokens', '2,5,9', '--out', out, '--quiet'];
  return { out, ...(await dualform(args)) };
};

test('a fairseq file that lost its settings is read with --heads', async () => {
  const without = await trace(silent);
  expect(without.stderr).toBe(
    `dualform: ${silent}: does not say how many attention heads it has, and 2 layers of hidden size 32 are no published size; give --heads\n`,
  );
  expect(without.exitCode).toBe(1);

  const [said, told] = [await trace(goldenFile('fairseq')), await trace(silent, ['--heads', '4'])];
  expect([said.stderr, told.stderr]).toEqual(['', '']);
  const [expected, actual] = [await readSafetensors(said.out), await readSafetensors(told.out)];
  expect([...actual.keys()]).toEqual([...expected.keys()]);
  for (const [name, { data }] of expected) expect(actual.get(name)!.data, name).toEqual(data);
});

test.each([
  ['does not divide the hiddenSize', () => silent, '5', '--heads 5: must divide the hiddenSize 32'],
  ['contradicts the file', () => goldenFile('fairseq'), '8', 'model.pt itself says 4; leave the option out'],
  ['another kind of model', () => tinyModel, '4', '--heads: only a model.pt of fairseq may leave its heads unsaid'],
  ['no number', () => silent, 'four', '--heads four: must be a whole number, at least 1'],
])('--heads that %s is refused', async (_, model, heads, message) => {
  const { exitCode, stderr } = await trace(model(), ['--heads', heads]);
  expect(stderr).toContain(message);
  expect(exitCode).toBe(2);
});

test('an experiment takes --heads', async () => {
  const cwd = await newFolder();
  const args = ['run', '--task', 'cb', '--shots', '1', '--limit', '1', '--settings', 'zero-shot', '--json', '--quiet'];
  const { stderr } = await dualform([...args, '--model', silent, '--heads', '5'], { cwd });
  expect(stderr).toContain('--heads 5: must divide the hiddenSize 32');
});
