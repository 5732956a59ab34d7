import { expect, test } from 'vitest';
import { verdictOf } from './verdict.ts';

const at = (value: number | null, adjusted: number | null, error: number | null = 0.01) =>
  verdictOf({ value, error, df: error === null ? null : 15 }, { adjusted, delta: 0.05 }).verdict;

test('the first that holds', () => {
  expect(at(0.04, 0.01)).toBe('yes');
  expect(at(-0.04, 0.01)).toBe('opposite');
  // t.95 of 15 degrees of freedom is 1.753: the interval reaches 0.0475.
  expect(at(0.03, 0.06)).toBe('negligible');
  expect(at(-0.03, 0.06)).toBe('negligible');
  expect(at(0.033, 0.06)).toBe('undecided');
  expect(at(0.04, 0.05)).toBe('undecided');
});

test('what is not tested is not decided', () => {
  expect(at(null, null)).toBe('undecided');
  expect(at(0.3, null, null)).toBe('undecided');
  expect(at(0, null, 0)).toBe('undecided');
  expect(at(0.01, null)).toBe('negligible');
});

test('the detectable effect is that of the error', () => {
  const { detectable } = verdictOf({ value: 0, error: 0.01, df: 15 }, { adjusted: 1, delta: 0.05 });
  // t.975 + t.80 = 2.1314 + 0.8662
  expect(detectable).toBeCloseTo(0.029976, 5);
  expect(verdictOf({ value: 0, error: 0, df: null }, { adjusted: null, delta: 0.05 }).detectable).toBeNull();
});
