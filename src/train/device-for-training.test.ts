import { expect, test } from 'vitest';
import { differsThere } from '../run/agreeing-device.ts';
import { deviceForTraining, firstStep } from './device-for-training.ts';
import { gptConfig, languageFeeds, languageModel } from './gpt.ts';

const objective = languageModel(
  gptConfig({ layers: 1, heads: 2, hiddenSize: 8, feedForward: 16, vocabulary: 11, context: 6 }),
);
const batch = languageFeeds([[1, 5, 3, 9, 2, 2]]);

test('a first step agrees with itself, and differs from one on another batch', async () => {
  expect(await differsThere('cpu', { threads: 1 }, firstStep(objective, batch))).toBeUndefined();
  const batches = [batch, languageFeeds([[2, 5, 3, 9, 2, 1]])];
  const changing = differsThere('cpu', { threads: 1 }, runtime => firstStep(objective, batches.shift()!)(runtime));
  expect(await changing).toMatch(/^loss of the model differs there by/);
});

test('only auto is looked for', async () => {
  expect(await deviceForTraining(objective, batch, { device: 'webgpu' })).toBe('webgpu');
  expect(await deviceForTraining(objective, batch, {})).toBeUndefined();
});
