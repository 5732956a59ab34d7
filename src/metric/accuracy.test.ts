import { expect, test } from 'vitest';
import { accuracy, correct, discordant } from './accuracy.ts';

test('share of correct predictions', () => {
  expect(accuracy([0, 1, 2, 1], [0, 1, 1, 1])).toBe(0.75);
  expect(correct([0, 1, 2, 1], [0, 1, 1, 1])).toBe(3);
  expect(accuracy([0], [1])).toBe(0);
  expect(accuracy([], [])).toBeNull();
  expect(() => accuracy([0, 1], [0])).toThrow(RangeError);
});

test('examples that only one setting gets right', () => {
  //                 both  first second neither
  expect(discordant([0, 1, 1, 2, 3], [0, 1, 0, 0, 3], [0, 0, 1, 1, 1])).toEqual({ onlyFirst: 2, onlySecond: 1 });
});
