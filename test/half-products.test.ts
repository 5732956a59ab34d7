import { expect, test } from 'vitest';
import { openCheckpoint } from '../src/checkpoint/open.ts';
import { loadModel } from '../src/model/loaded-model.ts';
import { runInPrecision } from '../src/model/precision.ts';
import { prepare } from '../src/run/prepare.ts';
import { differences } from './reference/differences.ts';
import { bounds, goldenFamilies, goldenFolder } from './reference/golden.ts';
import { inRoundedHalf } from './reference/rounded-half.ts';
import { LETTERS, TINY_MODEL } from './run/tiny.ts';
import { scratchRuntime } from './scratch-runtime.ts';

const scratch = scratchRuntime();

test('a device without float16 is refused', async () => {
  const checkpoint = runInPrecision(await openCheckpoint(goldenFolder('llama')), 'float16');
  await expect(loadModel(checkpoint, scratch.runtime)).rejects.toMatchObject({
    option: 'precision',
    message: expect.stringContaining('cpu computes in float32 only'),
  });
});

test('the plan of a run records half precision, and its signature differs', async () => {
  const options = { model: TINY_MODEL, task: LETTERS, learningRate: 0.1 };
  const plain = await prepare(options);
  const half = await prepare({ ...options, precision: 'float16' });
  expect(half.plan.model.precision).toBe('float16');
  expect(plain.plan.model).not.toHaveProperty('precision');
  expect(half.signature).not.toBe(plain.signature);
  expect((await prepare({ ...options, precision: 'float32' })).signature).toBe(plain.signature);
});

test.each(goldenFamilies)('%s in half precision is near torch, and its gradient too', async name => {
  const { forward, gradient } = await differences(scratch.runtime, name, inRoundedHalf);
  // Rounding is there, and no larger than docs/devices.md states.
  expect(forward).toBeGreaterThan(bounds.forward);
  expect(forward).toBeLessThan(bounds.half);
  expect(gradient).toBeLessThan(bounds.half);
});
