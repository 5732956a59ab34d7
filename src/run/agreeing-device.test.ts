import { expect, test } from 'vitest';
import { goldenFolder } from '../../test/reference/golden.ts';
import { openCheckpoint } from '../checkpoint/open.ts';
import { differing, differsThere } from './agreeing-device.ts';
import { deviceForModel, firstLayer } from './device-for-model.ts';

const tensors = (query: readonly number[]) => new Map([['layers.0.query', Float32Array.from(query)]]);

test('rounding passes', () => {
  expect(differing(tensors([4, -8]), tensors([4.0001, -8.001]))).toBeUndefined();
});

test('a tensor that differs by more than 1e-3 of its largest number is named', () => {
  expect(differing(tensors([4, -8]), tensors([4.04, -8]))).toBe(
    'layers.0.query of the model differs there by 5.0e-3 of its largest number from the processor',
  );
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])('%s differs', x => {
  expect(differing(tensors([4, -8]), tensors([4, x]))).toBeDefined();
});

test('the first layer of a model agrees with itself', async () => {
  const checkpoint = await openCheckpoint(goldenFolder('llama'));
  expect(await differsThere('cpu', { threads: 1 }, firstLayer(checkpoint))).toBeUndefined();
});

test('only auto is looked for', async () => {
  const checkpoint = await openCheckpoint(goldenFolder('llama'));
  expect(await deviceForModel(checkpoint, { device: 'webgpu' })).toBe('webgpu');
  expect(await deviceForModel(checkpoint, {})).toBeUndefined();
});
