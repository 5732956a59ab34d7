import { expect, test } from 'vitest';
import { fillUniform, randomStream } from './random.ts';

const draw = (n: number, ...path: number[]) => fillUniform(randomStream(...path), new Float64Array(n));

test('a path gives the same numbers on every machine', () => {
  expect(Array.from(draw(3, 1, 859, 0))).toEqual([0.9345670517068356, 0.33601651643402874, 0.9874279578216374]);
  expect(draw(100, 7, 3)).toEqual(draw(100, 7, 3));
});

test('neighbouring paths give unrelated streams', () => {
  const paths = [
    [1, 2, 3],
    [1, 2, 4],
    [1, 3, 2],
    [2, 2, 3],
    [1, 2],
    [-1, 2, 3],
    [1, 2, 3 + 2 ** 32],
  ];
  const streams = paths.map(path => draw(4000, ...path));
  for (const [i, a] of streams.entries()) {
    for (const b of streams.slice(i + 1)) {
      let covariance = 0;
      for (let k = 0; k < a.length; k++) covariance += (a[k]! - 0.5) * (b[k]! - 0.5);
      // Standard deviation of a correlation of 4000 pairs: 0.016.
      expect(Math.abs((12 * covariance) / a.length)).toBeLessThan(0.08);
    }
  }
});

test('numbers are uniform on [0, 1)', () => {
  // 2000 first numbers of 2000 streams: a seed must not show in the first draw.
  const first = Float64Array.from({ length: 2000 }, (_, row) => draw(1, 1, row)[0]!);
  const bins = new Array<number>(10).fill(0);
  for (const x of first) bins[Math.floor(x * 10)]!++;
  expect(Math.min(...first)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...first)).toBeLessThan(1);
  const chiSquare = bins.reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0);
  // 99.9 % point of chi-square with 9 degrees of freedom.
  expect(chiSquare).toBeLessThan(27.88);
});
