import { expect, test } from 'vitest';
import {
  formatBounds,
  formatBytes,
  formatClock,
  formatCount,
  formatDecimal,
  formatFlops,
  formatInterval,
  formatP,
  formatPercent,
  formatProbability,
} from './number.ts';

test('sizes', () => {
  const bytes = [0, 999, 1000, 98_362_432, 999_600_000, 2e9];
  expect(bytes.map(formatBytes)).toEqual(['0 B', '999 B', '1.0 kB', '98.4 MB', '1.0 GB', '2.0 GB']);
  expect(formatFlops(4.5e12)).toBe('4.5 TFLOP');
  expect(formatCount(1234567)).toBe('1,234,567');
});

test('times', () => {
  expect([0, 6.6, 59.6, 754, 3723].map(formatClock)).toEqual(['0:00', '0:07', '1:00', '12:34', '1:02:03']);
});

test('shares', () => {
  expect(formatPercent(0.615)).toBe('61.5 %');
  expect(formatInterval({ low: 0.4512, high: 1 })).toBe('45.1 to 100.0 %');
  expect([0, 0.342, 0.000087, 1.2e-9].map(formatProbability)).toEqual(['0.0 %', '34.2 %', '0.0087 %', '1.2e-7 %']);
  expect([0.5, 0.0314, 0.0001].map(formatP)).toEqual(['p = 0.500', 'p = 0.031', 'p < 0.001']);
});

test('intervals of numbers', () => {
  expect(formatBounds({ low: -0.0001, high: 0.34049 })).toBe('0.000 to 0.340');
  expect(formatBounds({ low: null, high: null, why: 'all 2 rows have the same value' })).toBe(
    'no interval: all 2 rows have the same value',
  );
});

test('no negative zero', () => {
  expect([-0.0001, -0.26, 0.2665].map(x => formatDecimal(x))).toEqual(['0.000', '-0.260', '0.267']);
});
