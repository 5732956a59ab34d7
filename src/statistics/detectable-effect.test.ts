import { expect, test } from 'vitest';
import { detectableCorrelation, detectableEffect, detectableMean, effectiveDimension } from './detectable-effect.ts';
import { estimateOf } from './estimate.ts';
import { fillNormal, randomStream } from './random.ts';

test('against scipy: (t.ppf(0.975, df) + t.ppf(0.8, df)) * error', () => {
  expect(detectableEffect(1, 15)).toBeCloseTo(2.9976945187547277, 10);
  expect(detectableEffect(0.1, 4)).toBeCloseTo(0.3717409682432975, 10);
});

test('of 16 sets of demonstrations: 0.02 of a similarity, 0.27 of a correlation in eight directions', () => {
  expect(detectableMean(16, 32, { seeds: 0.02, rows: 0.02, rest: 0.03 })).toBeCloseTo(
    detectableEffect(Math.sqrt(0.0004 / 16 + 0.0004 / 32 + 0.0009 / 512), 15),
    14,
  );
  expect(detectableMean(16, 32, { seeds: 0.02, rows: 0.02, rest: 0.03 })).toBeCloseTo(0.019, 3);
  expect(detectableCorrelation(16, 8)).toBeCloseTo(0.274, 3);
});

test('about 80 of 100 studies find an effect of that size', () => {
  const [n, studies] = [8, 3000];
  const effect = detectableEffect(1 / Math.sqrt(n), n - 1);
  let found = 0;
  for (let study = 0; study < studies; study++) {
    const noise = fillNormal(randomStream(9, study), new Float64Array(n));
    const mean = effect + noise.reduce((sum, x) => sum + x, 0) / n;
    const deviation = Math.sqrt(noise.reduce((sum, x) => sum + (x + effect - mean) ** 2, 0) / (n - 1));
    if (estimateOf(mean, deviation / Math.sqrt(n), n - 1).p! < 0.05) found++;
  }
  // The error is estimated too: the power is within 2 % of 80; standard deviation 0.7 %.
  expect(Math.abs(found / studies - 0.8)).toBeLessThan(0.04);
});

test('dimension of one line, of three equal directions, of unequal ones', () => {
  expect(
    effectiveDimension([
      [4, 2],
      [2, 1],
    ]),
  ).toBeCloseTo(1, 14);
  expect(
    effectiveDimension([
      [2, 0, 0],
      [0, 2, 0],
      [0, 0, 2],
    ]),
  ).toBeCloseTo(3, 14);
  // Eigenvalues 3 and 1.
  expect(
    effectiveDimension([
      [2, 1],
      [1, 2],
    ]),
  ).toBeCloseTo(16 / 10, 14);
  expect(
    effectiveDimension([
      [0, 0],
      [0, 0],
    ]),
  ).toBeNull();
  expect(() => effectiveDimension([[1, 2]])).toThrow(RangeError);
});
