import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ArmPair, OutputShape } from '../../src/metric/arm-outputs.ts';
import { shareOfCeiling } from '../../src/metric/reliability.ts';
import type { Replicated } from '../../src/metric/replicated.ts';
import {
  changeVariation,
  demonstrationTable,
  demonstrationVariation,
  queryVariation,
  sharedVariation,
  sharedVariationDifference,
  sharedVariations,
  type Variation,
} from '../../src/metric/shared-variation.ts';
import { permutationTest } from '../../src/statistics/permutation-test.ts';
import { allPermutations } from '../../src/statistics/permutations.ts';
import * as reference from './reference.ts';
import { randomStudy, range, withRow } from './reference.ts';

const f32 = (...values: number[]) => Float32Array.from(values);
const shape: OutputShape = { rows: 4, layers: 3, hiddenSize: 6 };

describe('by hand', () => {
  const one: OutputShape = { rows: 1, layers: 1, hiddenSize: 2 };
  const pairs = (seconds: readonly Float32Array[]): ArmPair[] =>
    [f32(1, 0), f32(0, 1)].map((first, d) => ({ zeroShot: f32(0, 0), first, second: seconds[d]! }));
  const [a, b] = [f32(2, 1), f32(1, 2)];

  test('two seeds: 1 as matched, -1 the other way round, 0 on average', () => {
    const values = [
      [a, b],
      [b, a],
    ].map(seconds => sharedVariation(demonstrationVariation(one, pairs(seconds))).value!);
    expect(values).toBeAllClose([1, -1], 1e-12);
  });

  test('a query part that shares nothing but -h_Z: 0 corrected, 0.0445 not', () => {
    const signs = [
      [1, 1],
      [1, -1],
      [-1, 1],
      [-1, -1],
    ] as const;
    const four: OutputShape = { rows: 4, layers: 1, hiddenSize: 3 };
    const zeroShot = f32(...signs.flatMap(([z]) => [z, 0, 0]));
    const first = f32(...signs.flatMap(([z, s]) => [z / 2, s, 0]));
    const second = f32(...signs.flatMap(([z, s]) => [0.9 * z, 0, z * s]));
    const query = queryVariation(four, [{ zeroShot, first, second }]);
    expect(sharedVariation(query).value).toBeCloseTo(0, 12);
    const uncorrected = changeVariation(four, [{ zeroShot, first, second }], [{ first: zeroShot, second: zeroShot }]);
    expect(sharedVariation(uncorrected).value).toBeCloseTo(0.0445, 4);
  });

  test('the same vectors on both sides: 1', () => {
    const { pairs: random } = randomStudy(shape, 3, [1]);
    const same = random.map(({ zeroShot, first }) => ({ zeroShot, first, second: first }));
    const changed = random.map(({ second }) => ({ first: second, second }));
    for (const variation of [
      demonstrationVariation(shape, same),
      queryVariation(shape, same),
      changeVariation(shape, same, changed),
    ]) {
      expect(sharedVariation(variation).value).toBeCloseTo(1, 12);
    }
  });

  test('an arm that the change leaves as it is: null, with why', () => {
    const { pairs: random } = randomStudy(shape, 3, [2]);
    const { value, why, skipped, rows } = sharedVariation(
      changeVariation(
        shape,
        random,
        random.map(({ second }, d) => ({ first: random[(d + 1) % 3]!.first, second })),
      ),
    );
    expect({ value, skipped, rows }).toEqual({ value: null, skipped: 12, rows: [] });
    expect(why).toMatch(/rounding/);
  });
});

const studies = fc.record({
  seed: fc.nat(),
  S: fc.integer({ min: 2, max: 4 }),
  nulls: fc.array(fc.tuple(fc.nat(3), fc.nat(2), fc.nat(3)), { maxLength: 3 }),
});

/** A random study in which some updates are nothing, and another one of the same zero-shot arm. */
function drawn({ seed, S, nulls }: { seed: number; S: number; nulls: (readonly [number, number, number])[] }) {
  const { pairs, zeroShot, normal } = randomStudy(shape, S, [seed]);
  const changed = pairs.map(({ first, second }) => ({
    first: first.map((x, k) => x + normal()[k]!),
    second: second.map((x, k) => x + normal()[k]!),
  }));
  for (const [row, layer, d] of nulls) {
    const pair = changed[d % S]!;
    pair.second = withRow(pair.second, shape, row, layer, pairs[d % S]!.second);
  }
  return { pairs, zeroShot, normal, changed };
}

const kinds = ['demonstrations', 'query', 'change'] as const;

function variationOf(
  kind: Variation['kind'],
  {
    pairs,
    changed,
  }: { readonly pairs: readonly ArmPair[]; readonly changed: readonly Pick<ArmPair, 'first' | 'second'>[] },
) {
  if (kind === 'demonstrations') return demonstrationVariation(shape, pairs);
  return kind === 'query' ? queryVariation(shape, pairs) : changeVariation(shape, pairs, changed);
}

test('values and replicates are those of the definition, seed by seed and row by row', () => {
  fc.assert(
    fc.property(studies, fc.constantFrom(...kinds), (drawing, kind) => {
      const study = drawn(drawing);
      // What another number leaves out, the first leaves out as well.
      const [found] = sharedVariations([variationOf(kind, study), variationOf('change', study)]);
      const mask = new Uint8Array(shape.rows * shape.layers);
      for (const [row, layer] of drawing.nulls) mask[row * 3 + layer] = 1;
      const counted = range(shape.rows).filter(i => mask.subarray(3 * i, 3 * i + 3).includes(0));
      const left = reference.leftOut(drawing.S, counted, range(shape.rows));
      const value = (of: reference.Left) =>
        reference.sharedVariation(kind, shape, study.pairs, kind === 'change' ? study.changed : undefined, mask, of);
      expect(found!.skipped).toBe(mask.filter(null_ => null_ === 1).length);
      const both = [
        [found!.value, value(left.all)],
        ...left.seeds.map((of, d) => [found!.seeds[d]!, value(of)]),
        ...left.rows.map((of, i) => [found!.rows[i]!, value(of)]),
      ] as const;
      expect(found!.rows).toHaveLength(counted.length);
      for (const [fast, slow] of both) {
        if (slow === null || slow === undefined) expect(fast).toBeNull();
        else expect(fast).toBeCloseTo(slow, 6);
      }
    }),
    { numRuns: 60 },
  );
});

describe('what leaves R as it is', () => {
  const value = (kind: Variation['kind'], study: Study) => sharedVariation(variationOf(kind, study)).value!;
  const study = (seed: number) => drawn({ seed, S: 3, nulls: [] });
  const seeds = fc.nat();
  type Study = Omit<ReturnType<typeof study>, 'changed'> & {
    readonly changed: readonly Pick<ArmPair, 'first' | 'second'>[];
  };
  const mapArms = (
    { pairs, changed, ...rest }: Study,
    f: (arm: Float32Array, side: 'first' | 'second' | 'zeroShot', d: number) => Float32Array,
  ): Study => ({
    ...rest,
    pairs: pairs.map(({ zeroShot, first, second }, d) => ({
      zeroShot: f(zeroShot, 'zeroShot', d),
      first: f(first, 'first', d),
      second: f(second, 'second', d),
    })),
    changed: changed.map(({ first, second }, d) => ({ first: f(first, 'first', d), second: f(second, 'second', d) })),
  });

  test.each(['first', 'second'] as const)('one vector added to the outputs of all %s arms', side => {
    fc.assert(
      fc.property(seeds, fc.constantFrom(...kinds), (seed, kind) => {
        const before = study(seed);
        const added = before.normal();
        const per = shape.layers * shape.hiddenSize;
        const after = mapArms(before, (arm, of) => (of === side ? arm.map((x, k) => x + added[k % per]!) : arm));
        expect(value(kind, after)).toBeCloseTo(value(kind, before), 5);
      }),
      { numRuns: 30 },
    );
  });

  test('a vector of each row, added to all arms of a side: all but R_query', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const before = study(seed);
        const added = before.normal();
        const after = mapArms(before, (arm, of) => (of === 'second' ? arm.map((x, k) => x + added[k]!) : arm));
        for (const kind of ['demonstrations', 'change'] as const) {
          expect(value(kind, after)).toBeCloseTo(value(kind, before), 5);
        }
      }),
      { numRuns: 30 },
    );
    // R_query of one draw can stay by chance, so the mean change over fixed draws is asked.
    const changes = range(30).map(seed => {
      const before = study(seed);
      const added = before.normal();
      const after = mapArms(before, (arm, of) => (of === 'second' ? arm.map((x, k) => x + added[k]!) : arm));
      return Math.abs(value('query', after) - value('query', before));
    });
    expect(reference.mean(changes)).toBeGreaterThan(0.05);
  });

  test('all finetuned updates times one number; rows or seeds in another order; the roles of the sides', () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom(...kinds), (seed, kind) => {
        const before = study(seed);
        const scaled: Study = {
          ...before,
          pairs: before.pairs.map(pair => ({
            ...pair,
            second: pair.second.map((x, k) => pair.zeroShot[k]! + 4 * (x - pair.zeroShot[k]!)),
          })),
          changed: before.changed.map((pair, d) => ({
            ...pair,
            second: pair.second.map((x, k) => before.pairs[d]!.zeroShot[k]! + 4 * (x - before.pairs[d]!.zeroShot[k]!)),
          })),
        };
        expect(value(kind, scaled)).toBeCloseTo(value(kind, before), 5);
        const per = shape.layers * shape.hiddenSize;
        const order = [2, 0, 3, 1];
        const turned = mapArms(before, arm =>
          Float32Array.from(arm, (_, k) => arm[order[Math.floor(k / per)]! * per + (k % per)]!),
        );
        expect(value(kind, turned)).toBeCloseTo(value(kind, before), 10);
        const seedsTurned = { ...before, pairs: before.pairs.toReversed(), changed: before.changed.toReversed() };
        expect(value(kind, seedsTurned)).toBeCloseTo(value(kind, before), 10);
        const swap = <T extends Pick<ArmPair, 'first' | 'second'>>(pair: T) => ({
          ...pair,
          first: pair.second,
          second: pair.first,
        });
        const swapped = { ...before, pairs: before.pairs.map(swap), changed: before.changed.map(swap) };
        expect(value(kind, swapped)).toBeCloseTo(value(kind, before), 12);
      }),
      { numRuns: 30 },
    );
  });

  test('an orthogonal map of the vectors of a layer', () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom(...kinds), fc.double({ min: 0, max: 6, noNaN: true }), (seed, kind, angle) => {
        const before = study(seed);
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        const D = shape.hiddenSize;
        // Turns two coordinates of layer 1 and exchanges two others, one with its sign.
        const after = mapArms(before, arm => {
          const mapped = Float32Array.from(arm);
          for (let row = 0; row < shape.rows; row++) {
            const at = (row * shape.layers + 1) * D;
            const [x, y, p, q] = [0, 1, 2, 3].map(k => arm[at + k]!) as [number, number, number, number];
            mapped.set([c * x - s * y, s * x + c * y, q, -p], at);
          }
          return mapped;
        });
        expect(value(kind, after)).toBeCloseTo(value(kind, before), 5);
      }),
      { numRuns: 30 },
    );
  });

  test('permuting the seeds of finetuning gives 0 on average over all permutations', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const { pairs } = drawn({ seed, S: 4, nulls: [] });
        const { table, gram } = demonstrationTable(demonstrationVariation(shape, pairs))!;
        const values = [...allPermutations(4)].map(order => {
          const matched = pairs.map((pair, d) => ({ ...pair, second: pairs[order[d]!]!.second }));
          const { value: permuted } = sharedVariation(demonstrationVariation(shape, matched));
          expect(order.reduce((sum, e, d) => sum + table[d]![e]!, 0)).toBeCloseTo(permuted!, 10);
          return permuted!;
        });
        expect(reference.mean(values)).toBeCloseTo(0, 10);
        expect(permutationTest(table).permutations).toBe(24);
        expect(gram.reduce((sum, line, d) => sum + line[d]!, 0)).toBeCloseTo(1, 12);
      }),
      { numRuns: 10 },
    );
  });
});

test('a difference leaves out what either of its two sides leaves out', () => {
  const { pairs, zeroShot, normal } = randomStudy(shape, 4, [5]);
  const others = pairs.map(pair => ({ ...pair, second: pair.second.map((x, k) => x + normal()[k]!) }));
  // All finetuned arms of the other side alike in one row and layer: nothing there moves.
  const flat = others.map(pair => ({ ...pair, second: withRow(pair.second, shape, 2, 1, zeroShot) }));
  const [one, other] = [demonstrationVariation(shape, pairs), demonstrationVariation(shape, flat)];
  const difference = sharedVariationDifference(one, other);
  expect(difference.skipped).toBe(1);
  const mask = new Uint8Array(12);
  mask[2 * 3 + 1] = 1;
  const everything = { seeds: range(4), rows: range(4) };
  const slow = [pairs, flat].map(
    each => reference.sharedVariation('demonstrations', shape, each, undefined, mask, everything)!,
  );
  expect(difference.value).toBeCloseTo(slow[0]! - slow[1]!, 8);
  const [a, b] = sharedVariations([one, other]) as readonly Replicated[] as [Replicated, Replicated];
  expect(b.value).toBeCloseTo(sharedVariation(other).value!, 12);
  expect(difference.seeds).toBeAllClose(
    a.seeds.map((x, d) => x! - b.seeds[d]!),
    1e-12,
  );
  expect(a.value).not.toBeCloseTo(sharedVariation(one).value!, 6);
});

test('the share of the ceiling, and none below a reliability of 0.2', () => {
  const { pairs, normal } = randomStudy(shape, 5, [6]);
  const noisy = (arm: Float32Array, size: number) => {
    const noise = normal();
    return arm.map((x, k) => x + size * noise[k]!);
  };
  const again = (size: number) => ({
    inContext: demonstrationVariation(
      shape,
      pairs.map(({ zeroShot, first }) => ({ zeroShot, first, second: noisy(first, size) })),
    ),
    finetuned: demonstrationVariation(
      shape,
      pairs.map(({ zeroShot, second }) => ({ zeroShot, first: second, second: noisy(second, size) })),
    ),
  });
  const shared = demonstrationVariation(shape, pairs);
  const near = again(0.5);
  const [r, a, b] = [shared, near.inContext, near.finetuned].map(each => sharedVariation(each).value!);
  expect(shareOfCeiling(shared, near).value).toBeCloseTo(r! / Math.sqrt(a! * b!), 12);
  const far = shareOfCeiling(shared, again(100));
  expect(far).toMatchObject({ value: null, why: expect.stringMatching(/below 0\.2/) });
  expect(far.seeds).toHaveLength(5);
});
