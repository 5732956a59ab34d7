import { expect, test } from 'vitest';
import { type Expected, misfit } from './feeds.ts';

const inputs: readonly Expected[] = [
  { name: 'ids', type: 'int32', shape: ['batch', 'tokens'] },
  { name: 'keys', type: 'float32', shape: [1, 'memory', 64] },
  { name: 'values', type: 'float32', shape: [1, 'memory', 64] },
  { name: 'loose', type: 'float32', shape: ['', ''] },
];
const fitting = {
  ids: { type: 'int32', dims: [2, 7] },
  keys: { type: 'float32', dims: [1, 0, 64] },
  values: { type: 'float32', dims: [1, 0, 64] },
  loose: { type: 'float32', dims: [3, 4] },
};

test('right feeds are accepted', () => {
  expect(misfit(inputs, fitting)).toBeUndefined();
});

test.each([
  [{ keys: { type: 'float32', dims: [1, 5, 32] } }, 'input keys is float32[1,memory,64], fed was float32[1,5,32]'],
  [{ keys: { type: 'float32', dims: [1, 5, 64] } }, 'dimension memory is 5 in keys and 0 in values'],
  [{ ids: { type: 'float32', dims: [2, 7] } }, 'input ids is int32[batch,tokens], fed was float32[2,7]'],
  [{ ids: { type: 'int32', dims: [7] } }, 'input ids is int32[batch,tokens], fed was int32[7]'],
  [{ ids: undefined }, 'input ids int32[batch,tokens] is missing'],
  [{ extra: { type: 'float32', dims: [] } }, 'there is no input extra; inputs are ids, keys, values, loose'],
])('the first fault is told: %o', (change, message) => {
  expect(misfit(inputs, { ...fitting, ...change } as typeof fitting)).toBe(message);
});
