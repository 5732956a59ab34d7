import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { openFolder } from '../../src/checkpoint/sources/open-folder.ts';
import { readTensor } from '../../src/checkpoint/sources/read-tensor.ts';
import { writeUntrained } from '../../src/checkpoint/untrained.ts';
import { loadModel } from '../../src/model/loaded-model.ts';
import { emptyPrefix } from '../../src/model/prefix.ts';
import { trace } from '../../src/observe/trace.ts';
import { fillNormal, randomStream } from '../../src/statistics/random.ts';
import { untrainedStream } from '../../src/study/evidence/streams.ts';
import { goldenFolder } from '../reference/golden.ts';
import { scratchRuntime } from '../scratch-runtime.ts';

const scratch = scratchRuntime();
let made = 0;

async function untrained(name: string, initialisation: number) {
  const checkpoint = await openFolder(goldenFolder(name));
  const folder = join(scratch.folder, `untrained-${made++}`);
  await writeUntrained(checkpoint, folder, { streamOf: tensor => untrainedStream(initialisation, tensor) });
  return { checkpoint, folder, drawn: await openCheckpoint(folder) };
}

const rms = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);

test.each([
  ['llama', 14],
  ['gpt2', 8],
  ['opt-post-norm', 12],
  ['bloom', 8],
])('%s: draws the %i matrices of the layers with their size, and keeps the rest', async (name, matrices) => {
  const { checkpoint, drawn, folder } = await untrained(name, 1);
  expect(readdirSync(folder).sort()).toEqual(['config.json', 'model.safetensors']);
  expect(drawn.config).toEqual(checkpoint.config);
  expect([...drawn.tensors.keys()].sort()).toEqual([...checkpoint.tensors.keys()].sort());
  let changed = 0;
  for (const [tensor, location] of checkpoint.tensors) {
    const [before, after] = [await readTensor(location), await readTensor(drawn.tensors.get(tensor)!)];
    if (before.every((x, i) => x === after[i])) {
      expect(location.shape.length === 1 || !/\.\d+\./.test(tensor), tensor).toBe(true);
      continue;
    }
    changed++;
    expect(location.shape, tensor).toHaveLength(2);
    // A root mean square of n normal numbers has a deviation of 1 / sqrt(2 n).
    expect(Math.abs(rms(after) / rms(before) - 1), tensor).toBeLessThan(4 / Math.sqrt(2 * before.length));
    const word = createHash('sha256').update(tensor).digest().readUInt32LE(0);
    const normal = fillNormal(randomStream(7001, 1, 5, word), new Float64Array(before.length));
    expect(after, tensor).toBeAllClose(
      normal.map(z => z * rms(before)),
      1e-6,
    );
  }
  expect(changed).toBe(matrices);
});

test('each initialisation is a model of its own, the same every time, that runs', async () => {
  const first = await untrained('llama', 1);
  const digests = [first, await untrained('llama', 1), await untrained('llama', 2)].map(({ drawn }) => drawn.digest);
  expect(digests[1]).toBe(digests[0]);
  expect(digests[2]).not.toBe(digests[0]);
  const logits = async (folder: string) => {
    const model = await loadModel(await openCheckpoint(folder), scratch.runtime);
    const at = { prefix: emptyPrefix(model.decoder), projections: model.pretrained };
    return (await trace(model, at, [3, 9, 80], key => key === 'logits'))[0]!.data;
  };
  const [trained, drawn] = [await logits(goldenFolder('llama')), await logits(first.folder)];
  expect(drawn).not.toBeAllClose(trained, 0.1);
});

test('more numbers than are drawn at once are those of one stream', async () => {
  const { writeSafetensors } = await import('../../src/checkpoint/sources/write-safetensors.ts');
  const folder = join(scratch.folder, 'large');
  const shape = [3, 50_000];
  const data = new Float32Array(150_000).fill(0.5);
  await writeSafetensors(join(folder, 'model.safetensors'), [{ name: 'h.0.w', shape, data }]);
  const { writeFileSync } = await import('node:fs');
  writeFileSync(join(folder, 'config.json'), '{}');
  const out = join(scratch.folder, 'large-untrained');
  await writeUntrained(await openFolder(folder), out, { streamOf: () => randomStream(8) });
  const values = await readTensor((await openFolder(out)).tensors.get('h.0.w')!);
  const expected = fillNormal(randomStream(8), new Float64Array(150_000)).map(z => 0.5 * z);
  expect(values).toEqual(Float32Array.from(expected));
});
