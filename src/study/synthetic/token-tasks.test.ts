import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../statistics/random.ts';
import { drawRecall } from './associative-recall.ts';
import { drawLookup, halfKeyAccuracy } from './key-value-lookup.ts';

describe('associative recall', () => {
  const task = { pairs: 4, queries: 6, keys: 9, values: 5 };

  test('the answer to every question is the value after the same key', () => {
    fc.assert(
      fc.property(fc.nat(), seed => {
        const { tokens, questions } = drawRecall(randomStream(seed), task);
        expect(tokens.length).toBe(20);
        const keys = tokens.filter((_, i) => i < 8 && i % 2 === 0);
        expect(new Set(keys).size).toBe(4);
        expect(questions.length).toBe(6);
        for (const { place, answer, pair } of questions) {
          const first = tokens.indexOf(tokens[place]!);
          expect(first).toBe(2 * pair!);
          expect(answer).toBe(tokens[first + 1]);
          expect(answer).toBe(tokens[place + 1]);
          expect(tokens[place]).toBeLessThan(9);
          expect(answer).toBeGreaterThanOrEqual(9);
          expect(answer).toBeLessThan(14);
        }
      }),
    );
  });

  test('a stream continues: two draws differ, the same seed repeats them', () => {
    const draws = () => {
      const stream = randomStream(3);
      return [drawRecall(stream, task), drawRecall(stream, task)];
    };
    const [first, second] = draws();
    expect(first).not.toEqual(second);
    expect(draws()).toEqual([first, second]);
  });
});

describe('key-value lookup', () => {
  const task = { pairs: 5, queries: 3, symbols: 3, values: 4 };

  test('the answer to every question is the value after the same two symbols', () => {
    fc.assert(
      fc.property(fc.nat(), seed => {
        const { tokens, questions } = drawLookup(randomStream(seed), task);
        expect(tokens.length).toBe(24);
        const keys = Array.from({ length: 5 }, (_, pair) => `${tokens[3 * pair]} ${tokens[3 * pair + 1]}`);
        expect(new Set(keys).size).toBe(5);
        expect(questions.length).toBe(3);
        for (const { place, answer, pair } of questions) {
          expect(keys.indexOf(`${tokens[place - 1]} ${tokens[place]}`)).toBe(pair);
          expect(answer).toBe(tokens[3 * pair! + 2]);
          expect(answer).toBe(tokens[place + 1]);
          expect(tokens[place]).toBeGreaterThanOrEqual(3);
          expect(tokens[place]).toBeLessThan(6);
          expect(answer).toBeGreaterThanOrEqual(6);
          expect(answer).toBeLessThan(10);
        }
      }),
    );
  });

  test('half a key, by hand: 0 3 6, 1 3 7, 2 4 6, one query each', () => {
    const shown = [0, 3, 6, 1, 3, 7, 2, 4, 6];
    const questions = [0, 1, 2].map(pair => ({ place: 9 + 3 * pair + 1, answer: shown[3 * pair + 2]!, pair }));
    // Right by one in two for the first two, always for the third.
    expect(halfKeyAccuracy({ tokens: [...shown, ...shown], questions })).toBeCloseTo(2 / 3, 14);
  });

  test('half a key is between chance and the whole key', () => {
    const all = Array.from({ length: 300 }, (_, seed) => halfKeyAccuracy(drawLookup(randomStream(seed), task)));
    const mean = all.reduce((sum, share) => sum + share, 0) / all.length;
    expect(mean).toBeGreaterThan(0.5);
    expect(mean).toBeLessThan(0.9);
  });
});
