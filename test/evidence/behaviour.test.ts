import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recallReplicates, type SeededPredictions } from '../../src/metric/corrected-recall.ts';
import { type AnsweredSeed, explainedShift } from '../../src/metric/explained-shift.ts';
import { orderSensitivity, sensitivityRatio } from '../../src/metric/order-sensitivity.ts';
import { predictionKappa } from '../../src/metric/prediction-kappa.ts';
import { estimateOfTable } from '../../src/metric/replicated.ts';
import { mean, range } from './reference.ts';

const logs = (...q: number[]) => q.map(Math.log);
const rowsOf = (...rows: number[][]) => rows.map(row => logs(...row));
const answers = (classes: number) =>
  fc.array(
    fc.integer({ min: -90, max: 0 }).map(x => x / 10),
    { minLength: classes, maxLength: classes },
  );
const arms = (count: number) => {
  const table = fc.array(answers(3), { minLength: 4, maxLength: 4 });
  return fc.array(fc.array(table, { minLength: count, maxLength: count }), { minLength: 2, maxLength: 4 });
};

describe('explained shift', () => {
  const seed = (other: number[]): AnsweredSeed => ({
    zeroShot: rowsOf([0.5, 0.5]),
    inContext: rowsOf([0.8, 0.2]),
    other: rowsOf(other),
  });

  test('by hand: .866497; the same answers 1, no change 0', () => {
    expect(explainedShift([seed([0.7, 0.3])]).value).toBeCloseTo(0.866497, 6);
    expect(explainedShift([seed([0.8, 0.2])]).value).toBe(1);
    expect(explainedShift([seed([0.5, 0.5])]).value).toBe(0);
    expect(explainedShift([seed([0.2, 0.8])]).value).toBeLessThan(0);
    // Log-probabilities of labels need not add up to 1.
    const less = seed([0.7, 0.3]);
    const lower = { ...less, other: less.other.map(row => row.map(x => x - 4)) };
    expect(explainedShift([lower]).value).toBeCloseTo(0.866497, 6);
  });

  test('null where in-context answers as zero-shot does, and in replicates', () => {
    const still = { zeroShot: rowsOf([0.6, 0.4]), inContext: rowsOf([0.6, 0.4]), other: rowsOf([0.1, 0.9]) };
    expect(explainedShift([still])).toMatchObject({ value: null, why: expect.stringContaining('zero-shot') });
    expect(explainedShift([still, seed([0.7, 0.3])]).seeds[1]).toBeNull();
  });

  test('is the definition, also without each seed and row', () => {
    const divergence = (a: readonly number[], b: readonly number[]) => {
      const softmax = (x: readonly number[]) => {
        const sum = x.reduce((total, y) => total + Math.exp(y), 0);
        return x.map(y => Math.exp(y) / sum);
      };
      const [p, q] = [softmax(a), softmax(b)];
      return p.reduce((sum, x, c) => sum + x * Math.log(x / q[c]!), 0);
    };
    fc.assert(
      fc.property(arms(3), drawn => {
        const seeds = drawn.map(([zeroShot, inContext, other]) => ({
          zeroShot: zeroShot!,
          inContext: inContext!,
          other: other!,
        }));
        const slow = (of: readonly AnsweredSeed[], rows: readonly number[]) => {
          const sum = (key: 'other' | 'zeroShot') =>
            of.reduce(
              (total, each) =>
                total + rows.reduce((inner, i) => inner + divergence(each.inContext[i]!, each[key][i]!), 0),
              0,
            );
          // Below that the reference itself is rounding.
          return sum('zeroShot') < 1e-9 ? Number.NaN : 1 - sum('other') / sum('zeroShot');
        };
        const whole = slow(seeds, range(4));
        fc.pre(Number.isFinite(whole) && Math.abs(whole) < 1e3);
        const found = explainedShift(seeds);
        expect(found.value).toBeCloseTo(whole, 6);
        for (const [d, value] of found.seeds.entries()) {
          const expected = slow(seeds.toSpliced(d, 1), range(4));
          if (Math.abs(expected) < 1e3) expect(value).toBeCloseTo(expected, 6);
        }
        for (const [i, value] of found.rows.entries()) {
          const expected = slow(
            seeds,
            range(4).filter(row => row !== i),
          );
          if (Math.abs(expected) < 1e3) expect(value).toBeCloseTo(expected, 6);
        }
      }),
    );
  });
});

describe("Cohen's kappa", () => {
  test('by hand, over two seeds', () => {
    // o = 3/4, e = 1/2 * 3/4 + 1/2 * 1/4 = 1/2; o = 1/2, e = 1/2.
    const seeds = [
      { first: [0, 0, 1, 1], second: [0, 0, 0, 1] },
      { first: [0, 0, 1, 1], second: [0, 1, 0, 1] },
    ];
    expect(predictionKappa(seeds.slice(0, 1)).value).toBeCloseTo(0.5, 14);
    const found = predictionKappa(seeds);
    expect(found.value).toBeCloseTo(0.25, 14);
    expect(found.seeds).toBeAllClose([0, 0.5], 1e-14);
    // Without row 2, which finetuning answers otherwise in both.
    const without = seeds.map(({ first, second }) => ({
      first: first.toSpliced(2, 1),
      second: second.toSpliced(2, 1),
    }));
    expect(found.rows[2]).toBeCloseTo(predictionKappa(without).value!, 14);
  });

  test('1 for the same answers; 0 where one arm answers one label; null where both do', () => {
    expect(predictionKappa([{ first: [0, 1, 2], second: [0, 1, 2] }]).value).toBe(1);
    expect(predictionKappa([{ first: [0, 0, 0], second: [0, 1, 2] }]).value).toBe(0);
    expect(predictionKappa([{ first: [1, 1], second: [1, 1] }])).toMatchObject({
      value: null,
      why: 'both arms give every row the same label',
    });
    expect(() => predictionKappa([{ first: [1, 1], second: [1] }])).toThrow(RangeError);
  });
});

describe('sensitivity to order', () => {
  test('by hand: half the sum of the differences', () => {
    const sensitive = orderSensitivity([
      { order: rowsOf([0.8, 0.2], [0.5, 0.5]), other: rowsOf([0.6, 0.4], [0.5, 0.5]) },
    ]);
    expect(sensitive.table[0]).toBeAllClose([0.2, 0], 1e-12);
    const still = orderSensitivity([{ order: rowsOf([0.8, 0.2], [0.5, 0.5]), other: rowsOf([0.7, 0.3], [0.5, 0.5]) }]);
    expect(sensitivityRatio(still, sensitive).value).toBeCloseTo(0.5, 12);
    expect(estimateOfTable(sensitive)).toMatchObject({
      value: expect.closeTo(0.1, 12),
      why: 'fewer than two seeds',
    });
    const none = orderSensitivity([{ order: rowsOf([0.8, 0.2]), other: rowsOf([0.8, 0.2]) }]);
    expect(sensitivityRatio(none, none)).toMatchObject({ value: null, why: expect.stringContaining('order') });
  });

  test('lies between 0 and 1, does not depend on which order is which, and the ratio on no other seed', () => {
    fc.assert(
      fc.property(arms(2), drawn => {
        const seeds = drawn.map(([order, other]) => ({ order: order!, other: other! }));
        const { table } = orderSensitivity(seeds);
        for (const x of table.flat()) {
          expect(x).toBeGreaterThanOrEqual(0);
          expect(x).toBeLessThanOrEqual(1);
        }
        const swapped = orderSensitivity(seeds.map(({ order, other }) => ({ order: other, other: order })));
        expect(swapped.table.flat()).toBeAllClose(table.flat(), 1e-14);
        fc.pre(mean(table.flat()) > 1e-3);
        const half = { table: table.map(line => line.map(x => x / 2)), skipped: 0 };
        const ratio = sensitivityRatio(half, { table, skipped: 0 });
        expect(ratio.value).toBeCloseTo(0.5, 12);
        for (const x of [...ratio.seeds, ...ratio.rows]) if (x !== null) expect(x).toBeCloseTo(0.5, 6);
      }),
    );
  });
});

test('the replicates of kappa_R are kappa_R without a seed, and without a row in all seeds', () => {
  const label = fc.integer({ min: 0, max: 2 });
  const line = fc.tuple(label, label, label);
  fc.assert(
    fc.property(
      fc.array(label, { minLength: 5, maxLength: 12 }).chain(gold =>
        fc.tuple(
          fc.constant(gold),
          fc.array(fc.array(line, { minLength: gold.length, maxLength: gold.length }), {
            minLength: 2,
            maxLength: 4,
          }),
        ),
      ),
      ([gold, drawn]) => {
        const seeds: SeededPredictions[] = drawn.map((rows, seed) => ({
          seed,
          gold,
          zeroShot: drawn[0]!.map(([z]) => z),
          inContext: rows.map(([, g]) => g),
          finetuned: rows.map(([, , f]) => f),
        }));
        const found = recallReplicates(seeds);
        expect(found.seeds).toEqual(seeds.map((_, d) => recallReplicates(seeds.toSpliced(d, 1)).value));
        for (const [i, value] of found.rows.entries()) {
          const without = (values: ArrayLike<number>) => Array.from(values).toSpliced(i, 1);
          const slow = recallReplicates(
            seeds.map(each => ({
              seed: each.seed,
              gold: without(each.gold),
              zeroShot: without(each.zeroShot),
              inContext: without(each.inContext),
              finetuned: without(each.finetuned),
            })),
          ).value;
          if (slow === null) expect(value).toBeNull();
          else expect(value).toBeCloseTo(slow, 10);
        }
      },
    ),
  );
});
