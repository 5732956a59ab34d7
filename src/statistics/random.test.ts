import { expect, test } from 'vitest';
import { below, chooseDistinct, fillNormal, fillUniform, randomStream } from './random.ts';

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

test('normal numbers: mean, variance, tails and odd lengths', () => {
  const n = 20_001;
  const x = fillNormal(randomStream(3), new Float64Array(n));
  const moment = (power: number) => x.reduce((sum, each) => sum + each ** power, 0) / n;
  // Four standard deviations of each moment.
  expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(n));
  expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
  expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / n));
  expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
  const beyond = x.filter(each => Math.abs(each) > 1.959963984540054).length / n;
  expect(Math.abs(beyond - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / n));
  expect(fillNormal(randomStream(3), new Float32Array(3))).toEqual(Float32Array.from(x.subarray(0, 3)));
});

test('whole numbers below n, each equally often', () => {
  const stream = randomStream(4);
  const counts = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < 7000; i++) counts[below(stream, 7)]!++;
  const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  // 99.9 % point of chi-square with 6 degrees of freedom.
  expect(chiSquare).toBeLessThan(22.46);
});

test('distinct numbers: every ordered pair of 4 equally often', () => {
  const stream = randomStream(6);
  const pairs = new Map<string, number>();
  for (let i = 0; i < 12_000; i++) {
    const pair = chooseDistinct(stream, 2, 4).join();
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  expect(pairs.size).toBe(12);
  const chiSquare = [...pairs.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  // 99.9 % point of chi-square with 11 degrees of freedom.
  expect(chiSquare).toBeLessThan(31.26);
  expect(chooseDistinct(stream, 5, 5).toSorted()).toEqual([0, 1, 2, 3, 4]);
  expect(() => chooseDistinct(stream, 3, 2)).toThrow(RangeError);
});
