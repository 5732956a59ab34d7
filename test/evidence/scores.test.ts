import { describe, expect, test } from 'vitest';
import { estimateOfTable } from '../../src/metric/replicated.ts';
import { type ScorePair, type ScoreShape, scoreCosines } from '../../src/metric/score-similarity.ts';
import { similarityTable } from '../../src/metric/update-similarity.ts';
import { fillNormal, randomStream } from '../../src/statistics/random.ts';
import { dot, mean, minus, range } from './reference.ts';

const cosine = (a: readonly number[], b: readonly number[]) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));

describe('attention scores', () => {
  const its: ScoreShape = { layers: 2, heads: 3, offsets: [0, 4, 5, 11] };
  const size = its.offsets.at(-1)! * its.layers * its.heads;
  let drawnOnes = 0;
  const normal = () => fillNormal(randomStream(77, drawnOnes++), new Float32Array(size));
  const zeroShot = normal();
  const pairs: ScorePair[] = range(2).map(() => ({ zeroShot, first: normal(), second: normal() }));
  const at = (scores: Float32Array, row: number, layer: number, head: number) =>
    range(its.offsets[row + 1]! - its.offsets[row]!).map(
      t => scores[((its.offsets[row]! + t) * its.layers + layer) * its.heads + head]!,
    );

  test.each([false, true])('the mean over heads of their cosines, centred over tokens: %s', centred => {
    const found = scoreCosines(its, pairs, { centred });
    for (const [d, pair] of pairs.entries()) {
      for (const row of [0, 2]) {
        for (const layer of [0, 1]) {
          const ofHeads = range(3).map(head => {
            const difference = (scores: Float32Array) => {
              const raw = minus(at(scores, row, layer, head), at(zeroShot, row, layer, head));
              return centred ? raw.map(x => x - mean(raw)) : raw;
            };
            return cosine(difference(pair.first), difference(pair.second));
          });
          expect(found.seeds[d]![row * 2 + layer]).toBeCloseTo(mean(ofHeads), 6);
        }
      }
    }
    // The one token of row 1 is its own mean.
    expect(Array.from(found.mask.slice(2, 4))).toEqual(centred ? [1, 1] : [0, 0]);
    expect(similarityTable(found).table[0]).toHaveLength(centred ? 2 : 3);
  });

  test('a head without an update in one seed is left out in all', () => {
    const changed = pairs.map((pair, d) =>
      d === 0
        ? {
            ...pair,
            first: pair.first.map((x, k) => (k % 6 === 1 || Math.floor((k % 6) / 3) === 1 ? zeroShot[k]! : x)),
          }
        : pair,
    );
    const found = scoreCosines(its, changed);
    const other = changed[1]!;
    const heads = [0, 2].map(head =>
      cosine(
        minus(at(other.first, 0, 0, head), at(zeroShot, 0, 0, head)),
        minus(at(other.second, 0, 0, head), at(zeroShot, 0, 0, head)),
      ),
    );
    expect(found.seeds[1]![0]).toBeCloseTo(mean(heads), 6);
    expect(Array.from(found.mask)).toEqual([0, 1, 0, 1, 0, 1]);
    const later = similarityTable(found, { firstLayer: 1 });
    expect(estimateOfTable(later)).toMatchObject({ value: null, skipped: 3 });
  });
});
