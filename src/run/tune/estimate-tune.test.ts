import { expect, test } from 'vitest';
import type { Estimate } from '../estimate/estimate.ts';
import { secondsOfGrid } from './estimate-tune.ts';

test('a grid loads and answers zero-shot once, shows demonstrations once a seed, and finetunes twice a rate', () => {
  const seconds = { load: 1, prefix: 10, 'zero-shot': 100, 'in-context': 1000, finetuning: 1e4, finetuned: 1e5 };
  const stages = Object.fromEntries(
    Object.entries(seconds).map(([stage, value]) => [stage, { seconds: value }]),
  ) as unknown as Estimate['stages'];
  expect(secondsOfGrid(stages, 3, 2)).toBe(1 + 100 + 3 * 1010 + 4 * 110_000);
});
