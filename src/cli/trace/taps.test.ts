import { expect, test } from 'vitest';
import { pickTaps } from './taps.ts';

test('all tensors unless asked, kinds in all layers, names alone', () => {
  expect(pickTaps(undefined, 2).size).toBe(1 + 3 * 2);
  expect([...pickTaps(['query', 'logits', 'layers.1.attention_scores', 'layers.1.query'], 2)]).toEqual([
    'layers.0.query',
    'layers.1.query',
    'logits',
    'layers.1.attention_scores',
  ]);
});

test('what is not there is refused with the nearest name and the list', () => {
  expect(() => pickTaps(['layers.2.query'], 2)).toThrow(/no tensor "layers.2.query"; the nearest is layers.[01].query/);
  expect(() => pickTaps(['logits', ''], 2)).toThrow(
    'an entry of the list is empty; choose from logits, attention_output',
  );
});
