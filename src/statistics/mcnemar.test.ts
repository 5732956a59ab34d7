import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mcnemarMidP } from './mcnemar.ts';
import { randomStream } from './random.ts';

test.each([
  // By hand: 2 P(X <= k) - P(X = k).
  [0, 1, 1 / 2],
  [0, 2, 1 / 4],
  [1, 2, 2 * (4 / 8) - 3 / 8],
  [1, 4, 2 * (6 / 32) - 5 / 32],
  [7, 7, 1],
  // scipy 1.17: 2 * binom.cdf(k, n, 0.5) - binom.pmf(k, n, 0.5)
  [6, 14, 0.07835388183593747],
  [22, 42, 0.012502546136489847],
  [3, 40, 1.6183321349672069e-9],
  [120, 180, 0.0005224207099608604],
  [900, 1100, 7.656628347757322e-6],
])('mcnemarMidP(%i, %i)', (first, second, p) => {
  expect(mcnemarMidP(first, second)! / p).toBeCloseTo(1, 10);
});

test('is symmetric, is in (0, 1], and falls as the counts differ more', () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(300), (a, b) => {
      fc.pre(a + b > 0);
      const p = mcnemarMidP(a, b);
      expect(mcnemarMidP(b, a)).toBe(p);
      expect(p).toBeGreaterThan(0);
      expect(p).toBeLessThanOrEqual(1);
      expect(mcnemarMidP(Math.max(a, b) + 1, Math.min(a, b))).toBeLessThan(p!);
    }),
  );
});

test('rejects a true null in at most about 5 % of all tables', () => {
  // Exact size for n = 40 discordant examples.
  let mass = 2 ** -40;
  let size = 0;
  for (let k = 0; k <= 40; k++) {
    if (mcnemarMidP(k, 40 - k)! <= 0.05) size += mass;
    mass *= (40 - k) / (k + 1);
  }
  expect(size).toBeGreaterThan(0.02);
  expect(size).toBeLessThan(0.055);
});

test('agrees with a simulation of fair coins', () => {
  const stream = randomStream(5);
  let asExtreme = 0;
  let equal = 0;
  const rounds = 20_000;
  for (let round = 0; round < rounds; round++) {
    let heads = 0;
    for (let i = 0; i < 20; i++) if (stream.next() < 0) heads++;
    const k = Math.min(heads, 20 - heads);
    if (k < 6) asExtreme++;
    else if (k === 6) equal++;
  }
  expect((asExtreme + equal / 2) / rounds).toBeCloseTo(mcnemarMidP(6, 14)!, 1.9);
});

test('is null without a discordant example; a p below the smallest double is not 0', () => {
  expect(mcnemarMidP(0, 0)).toBeNull();
  expect(mcnemarMidP(0, 1100)).toBe(Number.MIN_VALUE);
});

test('refuses impossible counts', () => {
  expect(() => mcnemarMidP(-1, 2)).toThrow(RangeError);
  expect(() => mcnemarMidP(1.5, 2)).toThrow(RangeError);
});
