import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstNonFinite } from './finite.ts';

const largest = 3.4028234663852886e38;

test('finds the first number that is not finite at any index', () => {
  fc.assert(
    fc.property(fc.float32Array({ maxLength: 40 }), data => {
      expect(firstNonFinite(data)).toBe([...data].findIndex(x => !Number.isFinite(x)));
    }),
  );
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%f among the largest numbers', x => {
  const data = new Float32Array(10_001).fill(largest).fill(-largest, 5000);
  expect(firstNonFinite(data)).toBe(-1);
  for (const index of [10_000, 9_999, 5000, 1, 0]) {
    data[index] = x;
    expect(firstNonFinite(data)).toBe(index);
  }
});

test('checks a view only', () => {
  expect(firstNonFinite(Float32Array.of(Number.NaN, 1, 2, Number.NaN).subarray(1, 3))).toBe(-1);
  expect(firstNonFinite(new Float32Array(0))).toBe(-1);
});

test('26 MB take a few milliseconds', () => {
  const data = new Float32Array(6_500_000).fill(1.5);
  const times = Array.from({ length: 20 }, () => {
    const start = performance.now();
    firstNonFinite(data);
    return performance.now() - start;
  });
  // About 3 ms; the best of many, with space for slow and busy machines.
  expect(Math.min(...times)).toBeLessThan(25);
});
