/**
 * @file Whether the intervals of shared variation cover the truth, and the verdicts find what is
 * planted.
 */
import { describe, expect, test } from 'vitest';
import type { ArmPair, OutputShape } from '../../src/metric/arm-outputs.ts';
import { estimateOfReplicated, estimateOfTable } from '../../src/metric/replicated.ts';
import {
  changeVariation,
  demonstrationTable,
  demonstrationVariation,
  sharedVariation,
} from '../../src/metric/shared-variation.ts';
import { similarityDifference, updateCosines } from '../../src/metric/update-similarity.ts';
import { holm } from '../../src/statistics/holm.ts';
import { jackknife } from '../../src/statistics/jackknife.ts';
import { permutationTest } from '../../src/statistics/permutation-test.ts';
import { fillNormal, randomStream } from '../../src/statistics/random.ts';
import { type Verdict, verdictOf } from '../../src/statistics/verdict.ts';
import { range } from './reference.ts';

const STUDIES = 2000;

/** Standard normal numbers, a piece at a time. */
function normals(...path: number[]) {
  const stream = randomStream(...path);
  return (count: number) => fillNormal(stream, new Float64Array(count));
}

function covered(truth: number, interval: (study: number) => { low: number | null; high: number | null }): number {
  const held = range(STUDIES).filter(study => {
    const { low, high } = interval(study);
    return low! <= truth && truth <= high!;
  });
  return held.length / STUDIES;
}

describe.each([
  [5, 0.91],
  [8, 0.93],
])('the jackknife over %i seeds', (S, least) => {
  const one: OutputShape = { rows: 1, layers: 1, hiddenSize: 8 };

  test.each([0, 0.2, 0.5])('of R_demo of %f, the part of the seeds alone', truth => {
    const share = covered(truth, study => {
      const draw = normals(201, study, S);
      const zeroShot = new Float32Array(8);
      const pairs = range(S).map(() => {
        const [x, noise] = [draw(8), draw(8)];
        const second = Float32Array.from(x, (value, k) => truth * value + Math.sqrt(1 - truth * truth) * noise[k]!);
        return { zeroShot, first: Float32Array.from(x), second };
      });
      const { value, seeds } = sharedVariation(demonstrationVariation(one, pairs));
      return jackknife(value!, [{ noun: 'seed', replicates: seeds }]);
    });
    expect(share).toBeGreaterThanOrEqual(least);
    expect(share).toBeLessThanOrEqual(0.995);
  });
});

/**
 * What a planted study has: how finetuning answers the demonstrations, and the change of a
 * property.
 */
interface Plant {
  /** Of A x_d in the finetuned outputs. */
  readonly rho: number;
  /** Of the change of the property in the finetuned outputs. */
  readonly change: number;
}

const [S, R, L, D, X] = [8, 6, 2, 24, 12];
const shape: OutputShape = { rows: R, layers: L, hiddenSize: D };

/**
 * h_I = g + A x_d + noise, h_F = g' + rho A x_d + noise, and with the property changed A x'_d in
 * place of A x_d, in h_F by its own factor: x'_d is drawn for each seed as x_d is.
 */
function planted({ rho, change }: Plant, study: number) {
  const draw = normals(202, study, 1000 * rho, 1000 * change);
  const maps = range(R * L).map(() => draw(D * X));
  const [zeroShot, g, other] = range(3).map(() => Float32Array.from(draw(R * L * D)));
  const noise = 0.3;
  const arm = (common: Float32Array, ...moved: (readonly [Float64Array, number])[]) => {
    const eps = draw(R * L * D);
    return Float32Array.from(common, (base, at) => {
      const [place, k] = [Math.floor(at / D), at % D];
      let sum = 2 * base + noise * eps[at]!;
      for (const [x, factor] of moved) {
        for (let j = 0; j < X; j++) sum += (factor / Math.sqrt(X)) * maps[place]![k * X + j]! * x[j]!;
      }
      return sum;
    });
  };
  const seeds = range(S).map(() => ({ x: draw(X), y: draw(X) }));
  return {
    zeroShot: zeroShot!,
    pairs: seeds.map(
      ({ x, y }): ArmPair => ({
        zeroShot: zeroShot!,
        first: arm(g!, [x, 1], [y, 0.7]),
        second: arm(other!, [x, rho], [y, change]),
      }),
    ),
    changed: seeds.map(({ x }) => ({ first: arm(g!, [x, 1]), second: arm(other!, [x, rho]) })),
  };
}

const DELTA = 0.2;

/**
 * The verdicts of H1 (demonstrations, by permutation) and H3 (a change, by t), adjusted together.
 */
function verdicts(plant: Plant, study: number): Record<'demonstrations' | 'change', Verdict['verdict']> {
  const { pairs, changed } = planted(plant, study);
  const demonstrations = estimateOfReplicated(sharedVariation(demonstrationVariation(shape, pairs)));
  const { table } = demonstrationTable(demonstrationVariation(shape, pairs))!;
  const change = estimateOfReplicated(sharedVariation(changeVariation(shape, pairs, changed)));
  const [first, third] = holm([permutationTest(table).p, change.p]);
  return {
    demonstrations: verdictOf(demonstrations, { adjusted: first!, delta: DELTA }).verdict,
    change: verdictOf(change, { adjusted: third!, delta: DELTA }).verdict,
  };
}

test.each([
  [{ rho: 0.5, change: 0.5 }, 'yes', 'yes'],
  [{ rho: 0.5, change: 0 }, 'yes', 'none'],
  [{ rho: 0, change: 0.5 }, 'some', 'yes'],
  [{ rho: 0, change: 0 }, 'none', 'none'],
  [{ rho: -0.5, change: -0.5 }, 'opposite', 'opposite'],
] as const)(
  'planted %o: demonstrations %s, change %s',
  (plant, demonstrations, change) => {
    const found = range(STUDIES).map(study => verdicts(plant, study));
    const share = (of: 'demonstrations' | 'change', verdict: Verdict['verdict']) =>
      found.filter(each => each[of] === verdict).length / STUDIES;
    for (const [of, expected] of [
      ['demonstrations', demonstrations],
      ['change', change],
    ] as const) {
      if (expected === 'none') {
        expect(share(of, 'yes') + share(of, 'opposite'), of).toBeLessThanOrEqual(0.065);
      } else if (expected !== 'some') expect(share(of, expected), of).toBeGreaterThanOrEqual(0.95);
    }
  },
  1_800_000,
);

test('a difference of similarities covers the truth of 0 where both arms are drawn alike', () => {
  const held = range(STUDIES).filter(study => {
    const draw = normals(203, study);
    const arm = (...parts: Float64Array[]) =>
      Float32Array.from({ length: R * L * D }, (_, at) => parts.reduce((sum, part) => sum + part[at]!, 0));
    const zero = draw(R * L * D);
    const zeroShot = arm(zero);
    const seeds = range(S).map(() => {
      const common = draw(R * L * D);
      return {
        first: arm(zero, common, draw(R * L * D)),
        one: arm(zero, common, draw(R * L * D)),
        other: arm(zero, common, draw(R * L * D)),
      };
    });
    const cosines = (side: 'one' | 'other') =>
      updateCosines(
        shape,
        seeds.map(each => ({ zeroShot, first: each.first, second: each[side] })),
      );
    const { low, high } = estimateOfTable(similarityDifference(cosines('one'), cosines('other')));
    return low! <= 0 && 0 <= high!;
  });
  expect(held.length / STUDIES).toBeGreaterThanOrEqual(0.93);
  expect(held.length / STUDIES).toBeLessThanOrEqual(0.995);
});
