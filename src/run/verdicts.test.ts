import { expect, test } from 'vitest';
import { betterOf, isFew, sideOfZero } from './verdicts.ts';

const compared = (onlyFirst: number, onlySecond: number, p: number | null) =>
  betterOf({ first: 'in-context', second: 'zero-shot', onlyFirst, onlySecond, p, adjusted: p });

test('a setting is better where the test is below 5 %', () => {
  expect(compared(9, 1, 0.049)).toBe('in-context');
  expect(compared(1, 9, 0.049)).toBe('zero-shot');
  expect(compared(9, 1, 0.05)).toBeUndefined();
  expect(compared(0, 0, null)).toBeUndefined();
});

test.each([
  [{ low: 0.1, high: 0.2 }, 'above'],
  [{ low: -0.2, high: -0.1 }, 'below'],
  [{ low: 0, high: 0.1 }, 'around'],
  [{ low: -0.1, high: 0 }, 'around'],
  [{ low: null, high: null }, undefined],
] as const)('%o lies %s', (interval, side) => expect(sideOfZero(interval)).toBe(side));

test('30 rows are not few', () => expect([29, 30].map(isFew)).toEqual([true, false]));
