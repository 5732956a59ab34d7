/**
 * @file Whether intervals cover the truth, and tests keep their level, as often as they say: 2,000
 * simulated studies each.
 */
import { describe, expect, test } from 'vitest';
import { crossedMean } from './crossed-mean.ts';
import { jackknife } from './jackknife.ts';
import { permutationTest } from './permutation-test.ts';
import { fillNormal, randomStream } from './random.ts';

const STUDIES = 2000;
const DIRECTIONS = 8;

const normals = (count: number, ...path: number[]) => fillNormal(randomStream(...path), new Float64Array(count));

function coverage(truth: number, interval: (study: number) => { low: number | null; high: number | null }): number {
  let held = 0;
  for (let study = 0; study < STUDIES; study++) {
    const { low, high } = interval(study);
    if (low! <= truth && truth <= high!) held++;
  }
  return held / STUDIES;
}

describe('the mean over seeds and rows', () => {
  const variances = [
    [1, 0.5, 1],
    [0, 1, 1],
    [1, 0, 0.2],
    [0, 0, 1],
    [0.3, 1, 1],
  ] as const;
  test.each(variances.flatMap(each => [4, 8].map(seeds => [...each, seeds] as const)))(
    'variances %f of seeds, %f of rows, %f of the rest; %i seeds, 32 rows',
    (ofSeeds, ofRows, ofRest, S) => {
      const R = 32;
      const share = coverage(0, study => {
        const noise = normals(S + R + S * R, 101, study, S);
        return crossedMean(
          Array.from({ length: S }, (_, d) =>
            Array.from({ length: R }, (_, i) =>
              [
                [ofSeeds, noise[d]!],
                [ofRows, noise[S + i]!],
                [ofRest, noise[S + R + d * R + i]!],
              ].reduce((sum, [variance, z]) => sum + Math.sqrt(variance!) * z!, 0),
            ),
          ),
        );
      });
      expect(share).toBeGreaterThanOrEqual(0.93);
      expect(share).toBeLessThanOrEqual(0.99);
    },
  );
});

/** [S][D] u and v with correlation `truth` in each direction. */
function pairs(S: number, truth: number, ...path: number[]) {
  const noise = normals(2 * S * DIRECTIONS, ...path);
  const at = (from: number) => (d: number) => noise.subarray(from + d * DIRECTIONS, from + (d + 1) * DIRECTIONS);
  const [first, second] = [at(0), at(S * DIRECTIONS)];
  return Array.from({ length: S }, (_, d) => ({
    u: Array.from(first(d)),
    v: Array.from(first(d), (x, i) => truth * x + Math.sqrt(1 - truth * truth) * second(d)[i]!),
  }));
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const centred = (vectors: readonly (readonly number[])[]) => {
  const mean = vectors[0]!.map((_, i) => vectors.reduce((sum, vector) => sum + vector[i]!, 0) / vectors.length);
  return vectors.map(vector => vector.map((x, i) => x - mean[i]!));
};

/** Pooled correlation of what differs between the seeds: R_demo of one layer and row. */
function sharedVariation(seeds: ReturnType<typeof pairs>): number {
  const [u, v] = [centred(seeds.map(each => each.u)), centred(seeds.map(each => each.v))];
  const sum = (a: typeof u, b: typeof u) => a.reduce((total, each, d) => total + dot(each, b[d]!), 0);
  return sum(u, v) / Math.sqrt(sum(u, u) * sum(v, v));
}

const withoutEach = <T>(seeds: readonly T[], value: (left: T[]) => number) => [
  { noun: 'seed', replicates: seeds.map((_, d) => value(seeds.toSpliced(d, 1))) },
];

describe.each([
  [5, 0.91],
  [8, 0.93],
])('the jackknife over %i seeds', (S, least) => {
  test.each([0, 0.2, 0.5])('of a correlation of %f', truth => {
    const share = coverage(truth, study => {
      const seeds = pairs(S, truth, 102, study, S);
      return jackknife(sharedVariation(seeds), withoutEach(seeds, sharedVariation));
    });
    expect(share).toBeGreaterThanOrEqual(least);
    expect(share).toBeLessThanOrEqual(0.995);
  });

  test.each([0.5, 1])('of a mean over pairs of seeds that share a part of size %f', size => {
    const value = (seeds: readonly (readonly number[])[]) => {
      const total = seeds[0]!.map((_, i) => seeds.reduce((sum, x) => sum + x[i]!, 0));
      const own = seeds.reduce((sum, x) => sum + dot(x, x), 0);
      return (dot(total, total) - own) / (seeds.length * (seeds.length - 1));
    };
    const share = coverage(DIRECTIONS * size * size, study => {
      const seeds = pairs(S, 0, 103, study, S).map(({ u }) => u.map(x => x + size));
      return jackknife(value(seeds), withoutEach(seeds, value));
    });
    expect(share).toBeGreaterThanOrEqual(least);
    expect(share).toBeLessThanOrEqual(0.995);
  });
});

test('the permutation test of five unrelated seeds finds something in at most 6.5 %', () => {
  let [found, below] = [0, 0];
  for (let study = 0; study < STUDIES; study++) {
    const seeds = pairs(5, 0, 104, study);
    const { p } = permutationTest(seeds.map(({ u }) => seeds.map(({ v }) => dot(u, v))));
    if (p! <= 0.05) found++;
    if (p! < 0.05) below++;
  }
  expect(found / STUDIES).toBeLessThanOrEqual(0.065);
  // Its levels are sixtieths, so that 0.05 itself is one.
  expect(found / STUDIES).toBeGreaterThan(0.035);
  expect(below / STUDIES).toBeLessThanOrEqual(0.05);
});
