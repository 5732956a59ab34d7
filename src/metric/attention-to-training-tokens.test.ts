import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillUniform, randomStream } from '../statistics/random.ts';
import { kendall, kendallRandom } from './attention-to-training-tokens.ts';
import { kendallTauB } from './kendall.ts';

const f32 = (...values: number[]) => new Float32Array(values);

// L = 2, P = 6, D = 2; BOS at 0, separators at 3 and 5: N = 3 demonstration tokens.
const prefixIndices = [1, 2, 4];
const contextScores = f32(9, 0.1, 0.2, -9, 0.3, 99, 9, 3, 1, -9, 2, 99);
const query = f32(1, 2, -1, 1);
const queries = [f32(1, 0, 0, 1, 3, -2), f32(0, 1, 1, 0, 5, 5)];

test('two layers of three tokens by hand', () => {
  // Layer 0: 0.1 0.2 0.3 against 1 2 -1: one pair agrees, two do not. Layer 1: 3 1 2 against 1 -1
  // 0: the same order.
  expect(kendall(contextScores, query, { prefixIndices, queries })).toBeAllClose([-1 / 3, 1], 1e-12);
});

test('only demonstration tokens count', () => {
  const elsewhere = Float32Array.from(contextScores, (x, i) => (prefixIndices.includes(i % 6) ? x : -7 * i));
  expect(kendall(elsewhere, query, { prefixIndices, queries })).toBeAllClose([-1 / 3, 1], 1e-12);
  expect(kendallRandom(elsewhere, prefixIndices, 2, 1, 5)).toEqual(
    kendallRandom(contextScores, prefixIndices, 2, 1, 5),
  );
});

test('is undefined if all scores tie', () => {
  expect(kendall(new Float32Array(12), query, { prefixIndices, queries })).toEqual([null, null]);
  expect(kendall(contextScores, f32(0, 0, -1, 1), { prefixIndices, queries })[0]).toBeNull();
  expect(kendallRandom(new Float32Array(12), prefixIndices, 2, 1, 5)).toEqual([null, null]);
  expect(kendallRandom(contextScores, [], 2, 1, 5)).toEqual([null, null]);
});

test('equals tau-b of plain dot products, for all numbers of tokens and sizes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 11 }),
      fc.integer({ min: 1, max: 9 }),
      fc.nat(1000),
      (tokens, width, seed) => {
        const draw = (length: number, part: number) =>
          Float32Array.from(fillUniform(randomStream(seed, part), new Float64Array(length)), x => x - 0.5);
        const [context, vector, rows] = [draw(tokens, 0), draw(width, 1), draw(tokens * width, 2)];
        const plain = Array.from({ length: tokens }, (_, n) =>
          vector.reduce((sum, q, i) => sum + q * rows[n * width + i]!, 0),
        );
        const prefixIndices = Array.from({ length: tokens }, (_, n) => n);
        expect(kendall(context, vector, { prefixIndices, queries: [rows] })).toEqual([kendallTauB(context, plain)]);
      },
    ),
  );
});

test('scores that differ only by float32 rounding have no order', () => {
  const [tokens, width] = [40, 64];
  const prefixIndices = Array.from({ length: tokens }, (_, n) => n);
  const vector = Float32Array.from(fillUniform(randomStream(4), new Float64Array(width)));
  const rising = Float32Array.from(prefixIndices);
  // One product of 64 terms, its sum begun at a place of its own for each token.
  const same = Float32Array.from(prefixIndices, n => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum = Math.fround(sum + Math.fround(vector[(i + n) % width]! * 0.1));
    return sum;
  });
  expect(new Set(same).size).toBeGreaterThan(1);
  expect(kendallRandom(same, prefixIndices, 1, 3, 7)).toEqual([null]);
  const rows = (rowOf: (n: number) => number) =>
    Float32Array.from({ length: tokens * width }, (_, i) => Math.fround(0.1 * rowOf(Math.floor(i / width))));
  expect(kendall(same, vector, { prefixIndices, queries: [rows(n => n)] })).toEqual([null]);
  expect(kendall(rising, vector, { prefixIndices, queries: [rows(n => 1 + 1e-7 * n)] })).toEqual([null]);
  expect(kendall(rising, vector, { prefixIndices, queries: [rows(n => 1 + 1e-4 * n)] })).toEqual([1]);
});

test('the random baseline is centred on 0 and seeded by row', () => {
  const tokens = Array.from({ length: 50 }, (_, i) => i);
  const rising = Float32Array.from(tokens);
  const values = Array.from({ length: 400 }, (_, row) => kendallRandom(rising, tokens, 1, 3, row)[0]!);
  expect(new Set(values).size).toBeGreaterThan(100);
  // One value has a standard deviation of sqrt(2 (2n + 5) / (9 n (n - 1))) = 0.098.
  expect(Math.abs(values.reduce((a, b) => a + b) / 400)).toBeLessThan(0.02);
  expect(kendallRandom(rising, tokens, 1, 3, 7)).toEqual([values[7]]);
});
