import { expect, test } from 'vitest';
import { goldenFolder } from '../../test/reference/golden.ts';
import { openFolder } from '../checkpoint/sources/open-folder.ts';
import { openDecoder } from './open-decoder.ts';
import { hasRotaryPositions } from './rotary-positions.ts';

test.each([
  ['llama', true],
  ['gpt-neox', true],
  ['gemma3', true],
  ['gptj', true],
  ['gpt2', false],
  ['bloom', false],
  ['xglm', false],
])('%s: %s', async (name, rotary) => {
  expect(hasRotaryPositions(await openDecoder(await openFolder(goldenFolder(name))))).toBe(rotary);
});
