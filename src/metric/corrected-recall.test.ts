import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomStream, uniform } from '../statistics/random.ts';
import { correctedRecall, recallBeyondChance, recallStrata, type SeededPredictions } from './corrected-recall.ts';
import { rec2ftp } from './rec2ftp.ts';

const stratum = (n: number, inContext: number, finetuned: number, both: number) => ({ n, inContext, finetuned, both });

test('two labels by hand', () => {
  const found = recallBeyondChance([stratum(10, 6, 5, 4), stratum(20, 15, 4, 3)]);
  expect(found).toMatchObject({ numerator: 7, denominator: 9, expected: 6 });
  expect(found.kappa.value).toBeCloseTo(1 / 3, 14);
  expect(found.oddsRatio.value).toBeCloseTo(2.25, 14);
  expect(found.variance).toBeCloseTo(1.29825, 5);
});

test('in-context that always answers the label that finetuning moves to: raw 100, no kappa', () => {
  // Zero-shot says 1 of all; of gold 0 finetuning rights two, in-context all.
  const predictions = { gold: [0, 0, 0, 1, 1], zeroShot: [1, 1, 1, 1, 1], inContext: [0, 0, 0, 0, 0] };
  const finetuned = [0, 0, 1, 1, 1];
  expect(rec2ftp({ ...predictions, finetuned }).value).toBe(100);
  const found = correctedRecall([{ ...predictions, finetuned, seed: 3 }]);
  expect(found).toMatchObject({
    expected: 2,
    chance: 100,
    kappa: { value: null, why: expect.stringContaining('label bias'), interval: { low: null, high: null } },
    oddsRatio: { value: null },
    strata: [{ seed: 3, label: 0, n: 3, inContext: 3, finetuned: 2, both: 2 }],
  });
});

test('the same rows: kappa 1, infinite odds ratio; nothing corrected: null, with why', () => {
  const same = recallBeyondChance([stratum(10, 4, 4, 4)]);
  expect(same.kappa).toEqual({ value: 1 });
  expect(same.oddsRatio).toEqual({ value: null, why: expect.stringContaining('infinite') });
  const nothing = recallBeyondChance([stratum(10, 4, 0, 0)]);
  expect(nothing.kappa).toEqual({ value: null, why: expect.stringContaining('puts right no example') });
  expect(recallBeyondChance([]).kappa.value).toBeNull();
});

const label = fc.integer({ min: 0, max: 2 });
const rows = fc.array(fc.tuple(label, label, label, label), { minLength: 1, maxLength: 40 });
const predictionsOf = (drawn: readonly (readonly [number, number, number, number])[], seed = 1): SeededPredictions => ({
  seed,
  gold: drawn.map(row => row[0]),
  zeroShot: drawn.map(row => row[1]),
  inContext: drawn.map(row => row[2]),
  finetuned: drawn.map(row => row[3]),
});

test('strata hold the counts of Rec2FTP; kappa ignores the order of rows, is at most 1, and scales with the excess', () => {
  fc.assert(
    fc.property(rows, drawn => {
      const predictions = predictionsOf(drawn);
      const strata = recallStrata(predictions);
      const found = recallBeyondChance(strata);
      const { numerator, denominator } = rec2ftp(predictions);
      expect([found.numerator, found.denominator]).toEqual([numerator, denominator]);
      const turned = correctedRecall([predictionsOf(drawn.toReversed())]);
      expect(turned.strata).toEqual(strata);
      const { value } = found.kappa;
      if (value === null) return;
      expect(value).toBeLessThanOrEqual(1 + 1e-12);
      expect(value * (found.denominator - found.expected)).toBeCloseTo(found.numerator - found.expected, 10);
      // The odds lie on the side of 1 on which kappa lies of 0.
      const odds = found.oddsRatio.value;
      if (odds !== null && Math.abs(value) > 1e-9) expect(odds > 1).toBe(value > 0);
    }),
  );
});

test('unrelated corrections, biased labels: kappa is 0 on average and its interval contains 0, over rows and over seeds', () => {
  const [samples, count] = [300, 150];
  for (const seeds of [1, 6]) {
    let sum = 0;
    let held = 0;
    for (let sample = 0; sample < samples; sample++) {
      const stream = randomStream(31, sample, seeds);
      const chance = (p: number) => uniform(stream) < p;
      const gold = Array.from({ length: count }, () => Number(chance(0.5)));
      const zeroShot = gold.map(y => (chance(0.5) ? y : 1 - y));
      // Both settings answer 1 far more often than 0.
      const found = correctedRecall(
        Array.from({ length: seeds }, (_, seed) => ({
          seed,
          gold,
          zeroShot,
          inContext: gold.map(() => Number(chance(0.8))),
          finetuned: gold.map(() => Number(chance(0.7))),
        })),
      );
      const { value, interval } = found.kappa;
      sum += value!;
      if (interval.low! <= 0 && 0 <= interval.high!) held++;
    }
    expect(Math.abs(sum / samples)).toBeLessThan(0.03);
    expect(held / samples).toBeGreaterThan(0.92);
  }
}, 60_000);

test('several sets of demonstrations: the strata of each set, in order', () => {
  const drawn = [
    [0, 1, 0, 0],
    [0, 1, 0, 1],
    [0, 1, 1, 0],
    [1, 0, 1, 1],
    [1, 0, 0, 1],
    [1, 0, 0, 0],
  ] as const;
  const [one, two] = [predictionsOf(drawn, 4), predictionsOf(drawn, 9)];
  const found = correctedRecall([one, two]);
  expect(found.strata.map(({ seed, label }) => [seed, label])).toEqual([
    [4, 0],
    [4, 1],
    [9, 0],
    [9, 1],
  ]);
  expect(found.kappa.value).toBeCloseTo(correctedRecall([one]).kappa.value!, 14);
  expect(found.expected).toBeCloseTo(2 * correctedRecall([one]).expected, 14);
});

test('refuses lists of different lengths', () => {
  expect(() => correctedRecall([{ ...predictionsOf([[0, 1, 0, 0]]), finetuned: [] }])).toThrow(RangeError);
});
