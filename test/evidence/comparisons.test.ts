/** @file What the fold computes at once is what it is one by one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { OutputShape } from '../../src/metric/arm-outputs.ts';
import { recallBeyondChance, recallReplicates, recallStrata } from '../../src/metric/corrected-recall.ts';
import { cosineOfUpdates, inverseNorm } from '../../src/metric/cosine.ts';
import { otherDemonstrations, sameDemonstrations } from '../../src/metric/pair-similarity.ts';
import { type ScoreShape, scoreCosines, scorePairSimilarity } from '../../src/metric/score-similarity.ts';
import { compareUpdates } from '../../src/metric/update-comparison.ts';
import { similarityTable } from '../../src/metric/update-similarity.ts';
import { addProducts, dotAt } from '../../src/metric/vectors.ts';
import { below, fillNormal, randomStream } from '../../src/statistics/random.ts';
import { mean, randomStudy, range, withRow } from './reference.ts';

const shape: OutputShape = { rows: 3, layers: 2, hiddenSize: 7 };

test('updates: cosines, as they are and normalised first, and sizes', () => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(1, 1e-3, 1e3), fc.boolean(), (seed, base, hasNull) => {
      const { pairs } = randomStudy(shape, 1, [seed], { base });
      const [pair] = pairs as [(typeof pairs)[number]];
      const second = hasNull ? withRow(pair.second, shape, 1, 1, pair.zeroShot) : pair.second;
      const found = compareUpdates(shape, { ...pair, second });
      for (const at of range(6)) {
        const from = at * 7;
        const scales = [pair.first, second, pair.zeroShot].map(arm => inverseNorm(arm, from, 7));
        const [a, b, z] = scales as [number, number, number];
        const cosines = [
          [found.cosines, cosineOfUpdates(pair.first, second, pair.zeroShot, from, 7)],
          [found.normalised, cosineOfUpdates(pair.first, second, pair.zeroShot, from, 7, { a, b, base: z })],
        ] as const;
        for (const [fast, slow] of cosines) {
          if (slow === null) expect(fast[at]).toBeNaN();
          else expect(fast[at]).toBeCloseTo(slow, 9);
        }
        expect(Number.isNaN(found.sizes[at]!)).toBe(hasNull && at === 3);
      }
    }),
    { numRuns: 50 },
  );
});

test('inner products of all vectors with all others, and with themselves', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (seed, n, m) => {
      const D = 5;
      const [u, v] = [n, m].map((count, i) => fillNormal(randomStream(seed, i), new Float64Array(count * D)));
      const [of, own] = [new Float64Array(n * m), new Float64Array(n * n)];
      for (const _ of range(2)) {
        addProducts(of, u!, v!, D);
        addProducts(own, u!, u!, D);
      }
      for (const d of range(n)) {
        for (const e of range(m)) expect(of[d * m + e]).toBeCloseTo(2 * dotAt(u!, d * D, v!, e * D, D), 9);
        for (const e of range(n)) expect(own[d * n + e]).toBeCloseTo(2 * dotAt(u!, d * D, u!, e * D, D), 9);
      }
    }),
    { numRuns: 50 },
  );
});

test.each([false, true])('attention scores of all pairs of seeds, centred: %s', centred => {
  const its: ScoreShape = { layers: 3, heads: 2, offsets: [0, 4, 9] };
  const draw = (index: number) => fillNormal(randomStream(3, index), new Float32Array(9 * 6));
  const zeroShot = draw(0);
  const [firsts, seconds] = [range(3).map(d => draw(10 + d)), range(3).map(d => draw(20 + d))];
  // A head without an update in one seed.
  for (let t = 0; t < 4; t++) firsts[1]![t * 6 + 2] = zeroShot[t * 6 + 2]!;
  const found = scorePairSimilarity(its, zeroShot, firsts, seconds, { centred, firstLayer: 1 });
  const paired = (shift: number) => {
    const pairs = range(3).map(d => ({ zeroShot, first: firsts[d]!, second: seconds[(d + shift) % 3]! }));
    return mean(similarityTable(scoreCosines(its, pairs, { centred }), { firstLayer: 1 }).table.flat());
  };
  expect(sameDemonstrations(found).value).toBeCloseTo(paired(0), 9);
  expect(otherDemonstrations(found).value).toBeCloseTo((paired(1) + paired(2)) / 2, 9);
});

test('the odds ratio without each seed', () => {
  const stream = randomStream(4);
  const answers = () => range(40).map(() => below(stream, 2));
  const [gold, zeroShot] = [answers(), answers()];
  const settings = range(4).map(seed => ({ seed, gold, zeroShot, inContext: answers(), finetuned: answers() }));
  const of = (seeds: readonly number[]) =>
    recallBeyondChance(seeds.flatMap(d => recallStrata(settings[d]!))).oddsRatio.value;
  const found = recallReplicates(settings, 'oddsRatio');
  expect(found.value).toBe(of(range(4)));
  expect(found.seeds).toEqual(range(4).map(left => of(range(4).filter(d => d !== left))));
});
