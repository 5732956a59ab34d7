import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { centredCosines, permutedRows } from '../../src/metric/across-rows.ts';
import type { ArmPair, OutputShape } from '../../src/metric/arm-outputs.ts';
import { explainedShares } from '../../src/metric/explained-share.ts';
import { otherDemonstrations, pairSimilarity, similarityMatrix } from '../../src/metric/pair-similarity.ts';
import { partition, partNames, updateMask } from '../../src/metric/partition.ts';
import { estimateOfReplicated, estimateOfTable, type Replicated } from '../../src/metric/replicated.ts';
import { similarityDifference, similarityTable, updateCosines } from '../../src/metric/update-similarity.ts';
import { updateSize } from '../../src/metric/update-size.ts';
import { crossedMean } from '../../src/statistics/crossed-mean.ts';
import * as reference from './reference.ts';
import { mean, minus, randomStudy, range, vectorOf, withRow } from './reference.ts';

const f32 = (...values: number[]) => Float32Array.from(values);
const shape: OutputShape = { rows: 5, layers: 3, hiddenSize: 6 };
const cosine = (a: readonly number[], b: readonly number[]) =>
  reference.dot(a, b) / Math.sqrt(reference.dot(a, a) * reference.dot(b, b));
const update = (pair: ArmPair, side: 'first' | 'second', row: number, layer: number) =>
  minus(vectorOf(pair[side], shape, row, layer), vectorOf(pair.zeroShot, shape, row, layer));

/** Compares a number and its replicates with a slow definition. */
function expectReplicated(
  found: Replicated,
  S: number,
  rows: readonly number[],
  slow: (left: reference.Left) => number | null,
) {
  const left = reference.leftOut(S, rows, range(shape.rows));
  expect(found.rows).toHaveLength(rows.length);
  for (const [fast, of] of [
    [found.value, left.all],
    ...found.seeds.map((x, d) => [x, left.seeds[d]!] as const),
    ...found.rows.map((x, i) => [x, left.rows[i]!] as const),
  ] as const) {
    const value = slow(of);
    if (value === null || !Number.isFinite(value)) expect(fast).toBeNull();
    else expect(fast).toBeCloseTo(value, 8);
  }
}

const studies = fc.record({
  seed: fc.nat(),
  S: fc.integer({ min: 2, max: 4 }),
  null_: fc.option(fc.tuple(fc.nat(4), fc.nat(2))),
});

function drawn({ seed, S, null_ }: { seed: number; S: number; null_: [number, number] | null }) {
  const study = randomStudy(shape, S, [17, seed]);
  if (null_ === null) return study;
  const [row, layer] = null_;
  const [pair, ...others] = study.pairs;
  return {
    ...study,
    pairs: [{ ...pair!, second: withRow(pair!.second, shape, row, layer, study.zeroShot) }, ...others],
  };
}

describe('rows by hand', () => {
  const two: OutputShape = { rows: 2, layers: 1, hiddenSize: 2 };
  const pairs = [{ zeroShot: f32(0, 0, 0, 0), first: f32(1, 0, 0, 1), second: f32(1, 0, 0, 1) }];
  test('updates (1, 0) and (0, 1) of both: S 1, with permuted rows 0, centred 1', () => {
    expect(similarityTable(updateCosines(two, pairs)).table).toEqual([[1, 1]]);
    expect(permutedRows(two, pairs).value).toBe(0);
    expect(similarityTable(centredCosines(two, pairs)).table[0]).toBeAllClose([1, 1], 1e-12);
  });

  test('unrelated updates score 1/4 when normalised first, 0 when not and centred', () => {
    const wide: OutputShape = { rows: 2, layers: 1, hiddenSize: 13 };
    const row = (...at: readonly number[]) => range(13).map(k => (at.includes(k) ? 1 : 0));
    const unrelated = [
      {
        zeroShot: f32(...row(0), ...row(0)),
        first: f32(...row(0, 1, 2, 3), ...row(0, 7, 8, 9)),
        second: f32(...row(0, 4, 5, 6), ...row(0, 10, 11, 12)),
      },
    ];
    expect(similarityTable(updateCosines(wide, unrelated, { normalised: true })).table[0]).toBeAllClose(
      [0.25, 0.25],
      1e-12,
    );
    expect(similarityTable(updateCosines(wide, unrelated)).table).toEqual([[0, 0]]);
    expect(similarityTable(centredCosines(wide, unrelated)).table[0]).toBeAllClose([0, 0], 1e-12);
  });
});

test('S: the mean over layers of each seed and row, without what is null for any seed', () => {
  fc.assert(
    fc.property(studies, drawing => {
      const { pairs } = drawn(drawing);
      const cosines = updateCosines(shape, pairs);
      const { table, skipped } = similarityTable(cosines);
      expect(skipped).toBe(drawing.null_ === null ? 0 : 1);
      const slow = pairs.map(pair =>
        range(shape.rows).map(row =>
          mean(
            range(shape.layers)
              .filter(layer => !(drawing.null_?.[0] === row && drawing.null_[1] === layer))
              .map(layer => cosine(update(pair, 'first', row, layer), update(pair, 'second', row, layer))),
          ),
        ),
      );
      for (const [d, line] of table.entries()) expect(line).toBeAllClose(slow[d]!, 1e-9);
      expect(estimateOfTable({ table, skipped })).toEqual({
        ...crossedMean(table),
        n: { seeds: drawing.S, rows: shape.rows },
        ...(skipped > 0 && { skipped }),
      });
      const one = similarityTable(cosines, { layer: 1 });
      expect(one.table[0]!.length).toBe(drawing.null_?.[1] === 1 ? shape.rows - 1 : shape.rows);
      const later = similarityTable(cosines, { firstLayer: 1 });
      expect(later.skipped).toBe(drawing.null_ === null || drawing.null_[1] === 0 ? 0 : 1);
    }),
    { numRuns: 30 },
  );
});

test('S does not change with the size of the updates, and follows rows and seeds', () => {
  const { pairs, zeroShot } = randomStudy(shape, 3, [24]);
  const per = shape.layers * shape.hiddenSize;
  const { table } = similarityTable(updateCosines(shape, pairs));
  const scaled = pairs.map(pair => ({
    ...pair,
    second: pair.second.map((x, k) => zeroShot[k]! + 4 * (x - zeroShot[k]!)),
  }));
  const [grown, turned] = [scaled, pairs.toReversed()].map(each => similarityTable(updateCosines(shape, each)).table);
  for (const [d, line] of grown!.entries()) expect(line).toBeAllClose(table[d]!, 1e-5);
  expect(turned).toEqual(table.toReversed());
  const moved = (arm: Float32Array) => Float32Array.from([...arm.slice(per), ...arm.slice(0, per)]);
  const shifted = pairs.map(({ first, second }) => ({
    zeroShot: moved(zeroShot),
    first: moved(first),
    second: moved(second),
  }));
  expect(similarityTable(updateCosines(shape, shifted)).table[1]).toEqual([...table[1]!.slice(1), table[1]![0]]);
});

test('a difference of similarities leaves out what either leaves out', () => {
  const { pairs, zeroShot } = randomStudy(shape, 3, [18]);
  const gap = pairs.map((pair, d) =>
    d === 0 ? { ...pair, second: withRow(pair.second, shape, 2, 0, zeroShot) } : pair,
  );
  const swapped = pairs.map(({ first, ...pair }) => ({ ...pair, first: pair.second, second: first.map(x => 2 * x) }));
  const [a, b] = [updateCosines(shape, swapped), updateCosines(shape, gap)];
  const found = similarityDifference(a, b);
  expect(found.skipped).toBe(1);
  const [one, other] = [a, b].map(each => similarityTable(each, { mask: b.mask }).table);
  expect(found.table[1]).toBeAllClose(
    one![1]!.map((y, i) => y - other![1]![i]!),
    1e-12,
  );
  const nothing = pairs.map(pair => ({ ...pair, second: pair.zeroShot }));
  const none = estimateOfTable(similarityTable(updateCosines(shape, nothing)));
  expect(none).toMatchObject({
    value: null,
    why: expect.stringMatching(/rounding/),
    skipped: 15,
    n: { seeds: 3, rows: 0 },
  });
});

test('all pairs of seeds: the diagonal is S, the others are other demonstrations', () => {
  fc.assert(
    fc.property(studies, drawing => {
      const { pairs, zeroShot } = drawn(drawing);
      const [firsts, seconds] = [pairs.map(({ first }) => first), pairs.map(({ second }) => second)];
      const found = pairSimilarity(shape, zeroShot, firsts, seconds);
      const mask = updateCosines(shape, pairs).mask;
      const kept = range(shape.rows).filter(i => mask.subarray(3 * i, 3 * i + 3).includes(0));
      const cell = (d: number, e: number, row: number) =>
        mean(
          range(shape.layers)
            .filter(layer => mask[row * shape.layers + layer] === 0)
            .map(layer => cosine(update(pairs[d]!, 'first', row, layer), update(pairs[e]!, 'second', row, layer))),
        );
      const matrix = similarityMatrix(found);
      for (const [d, line] of matrix.entries()) {
        for (const [e, value] of line.entries()) expect(value).toBeCloseTo(mean(kept.map(i => cell(d, e, i))), 8);
      }
      expectReplicated(otherDemonstrations(found), drawing.S, kept, ({ seeds, rows }) => {
        const cells = seeds.flatMap(d => seeds.flatMap(e => (d === e ? [] : rows.map(row => cell(d, e, row)))));
        return cells.length === 0 ? null : mean(cells);
      });
    }),
    { numRuns: 30 },
  );
});

test('permuted rows: all pairs of different rows', () => {
  fc.assert(
    fc.property(studies, drawing => {
      const { pairs } = drawn(drawing);
      const mask = updateMask(shape, pairs);
      const isKept = (row: number, layer: number) => mask[row * shape.layers + layer] === 0;
      expectReplicated(permutedRows(shape, pairs), drawing.S, range(shape.rows), ({ seeds, rows }) =>
        mean(
          seeds.flatMap(d =>
            rows.flatMap(i =>
              rows
                .filter(j => j !== i)
                .map(j =>
                  mean(
                    range(shape.layers)
                      .filter(layer => isKept(i, layer) && isKept(j, layer))
                      .map(layer =>
                        cosine(update(pairs[d]!, 'first', i, layer), update(pairs[d]!, 'second', j, layer)),
                      ),
                  ),
                ),
            ),
          ),
        ),
      );
    }),
    { numRuns: 30 },
  );
});

test('centred: what all rows share makes no similarity', () => {
  const { pairs, normal } = randomStudy(shape, 3, [19]);
  const shift = normal();
  const per = shape.layers * shape.hiddenSize;
  const shifted = pairs.map(pair => ({ ...pair, first: pair.first.map((x, k) => x + 3 * shift[k % per]!) }));
  const [before, after] = [pairs, shifted].map(each => similarityTable(centredCosines(shape, each)).table);
  for (const [d, line] of after!.entries()) expect(line).toBeAllClose(before![d]!, 1e-5);
  const [d, row, layer] = [1, 3, 2];
  const centre = (side: 'first' | 'second') =>
    minus(
      update(pairs[d]!, side, row, layer),
      reference.meanVector(range(shape.rows).map(i => update(pairs[d]!, side, i, layer))),
    );
  expect(centredCosines(shape, pairs).seeds[d]![row * shape.layers + layer]).toBeCloseTo(
    cosine(centre('first'), centre('second')),
    8,
  );
  // A row whose update is the mean of all has no direction of its own.
  const flat = pairs.map(pair => ({ ...pair, second: pair.zeroShot.map(x => x + 1) }));
  expect(similarityTable(centredCosines(shape, flat)).why).toMatch(/rounding/);
});

describe('partition', () => {
  test('two seeds by hand: generic 3 / sqrt 20, demonstration 1 / sqrt 20', () => {
    const one: OutputShape = { rows: 1, layers: 1, hiddenSize: 2 };
    const zeroShot = f32(0, 0);
    const found = partition(one, [
      { zeroShot, first: f32(1, 0), second: f32(2, 1) },
      { zeroShot, first: f32(0, 1), second: f32(1, 2) },
    ]);
    expect(found.total.value).toBeCloseTo(4 / Math.sqrt(20), 12);
    expect(partNames.map(name => found[name].value)).toBeAllClose([3 / Math.sqrt(20), 1 / Math.sqrt(20), 0, 0], 1e-12);
  });

  test('the parts add up to P exactly, are those of the definition, and so are their shares of each side', () => {
    fc.assert(
      fc.property(studies, drawing => {
        const { pairs } = drawn(drawing);
        const mask = updateMask(shape, pairs);
        const found = partition(shape, pairs);
        const sum = (parts: Record<(typeof partNames)[number], Replicated>) =>
          partNames.reduce((total, name) => total + parts[name].value!, 0);
        expect(sum(found)).toBeCloseTo(found.total.value!, 12);
        expect(sum(found.ofFirst)).toBeCloseTo(1, 12);
        expect(sum(found.ofSecond)).toBeCloseTo(1, 12);
        for (const name of [...partNames, 'total'] as const) {
          expectReplicated(found[name], drawing.S, range(shape.rows), left =>
            reference.parts(shape, pairs, mask, left, name),
          );
        }
        for (const name of partNames) {
          expectReplicated(found.ofFirst[name], drawing.S, range(shape.rows), left =>
            reference.parts(shape, pairs, mask, left, name, 'first'),
          );
          expect(found.ofSecond[name].value).toBeCloseTo(
            reference.parts(shape, pairs, mask, { seeds: range(drawing.S), rows: range(shape.rows) }, name, 'second')!,
            8,
          );
        }
      }),
      { numRuns: 20 },
    );
  });

  test('does not change when the sides change roles', () => {
    const { pairs } = randomStudy(shape, 4, [20]);
    const swapped = pairs.map(pair => ({ ...pair, first: pair.second, second: pair.first }));
    const [a, b] = [partition(shape, pairs), partition(shape, swapped)];
    for (const name of partNames) expect(b[name].value).toBeCloseTo(a[name].value!, 12);
    expect(b.ofFirst.query.value).toBe(a.ofSecond.query.value);
  });
});

describe('explained shares', () => {
  test('are those of the definition', () => {
    fc.assert(
      fc.property(studies, drawing => {
        const { pairs } = drawn(drawing);
        const mask = updateMask(shape, pairs);
        const found = explainedShares(shape, pairs);
        for (const by of ['constant', 'finetuning'] as const) {
          expectReplicated(found[by], drawing.S, range(shape.rows), left =>
            reference.explained(shape, pairs, mask, left, by),
          );
        }
      }),
      { numRuns: 30 },
    );
  });

  test('a constant update is explained by a constant, a multiple of finetuning by finetuning', () => {
    const { pairs, zeroShot, normal } = randomStudy(shape, 3, [21]);
    const vector = normal();
    const per = shape.layers * shape.hiddenSize;
    const constant = pairs.map(pair => ({ ...pair, first: zeroShot.map((x, k) => x + vector[k % per]!) }));
    expect(explainedShares(shape, constant).constant.value).toBeCloseTo(1, 6);
    const multiple = pairs.map(pair => ({ ...pair, first: pair.second.map((x, k) => 3 * x - 2 * zeroShot[k]!) }));
    const { finetuning, constant: less } = explainedShares(shape, multiple);
    expect(finetuning.value).toBeCloseTo(1, 6);
    expect(less.value).toBeLessThan(0.9);
  });
});

test('the size of updates is the median of their ratios', () => {
  const { pairs, zeroShot } = randomStudy(shape, 3, [22]);
  const scaled = pairs.map(({ first }) => ({
    zeroShot,
    first,
    second: zeroShot.map((z, k) => z + (k < shape.layers * shape.hiddenSize ? 8 : 0.5) * (first[k]! - z)),
  }));
  expect(updateSize(shape, scaled)).toBeCloseTo(0.5, 5);
  const mixed = [{ ...scaled[0]!, second: withRow(scaled[0]!.second, shape, 1, 0, zeroShot) }];
  expect(updateSize(shape, mixed)).toBeCloseTo(0.5, 5);
  expect(updateSize(shape, [{ ...scaled[0]!, second: zeroShot }])).toBeNull();
});

test('a number over pairs has an interval by the jackknife over seeds and rows', () => {
  const { pairs, zeroShot } = randomStudy(shape, 4, [23]);
  const number = otherDemonstrations(
    pairSimilarity(
      shape,
      zeroShot,
      pairs.map(({ first }) => first),
      pairs.map(({ second }) => second),
    ),
  );
  const variance = (values: readonly (number | null)[]) =>
    ((values.length - 1) / values.length) *
    values.reduce<number>((sum, x) => sum + (x! - mean(values as number[])) ** 2, 0);
  const found = estimateOfReplicated(number);
  expect(found.error).toBeCloseTo(Math.sqrt(variance(number.seeds) + variance(number.rows)), 12);
  expect(found).toMatchObject({ df: 3, n: { seeds: 4, rows: 5 } });
  const single = otherDemonstrations(pairSimilarity(shape, zeroShot, [pairs[0]!.first], [pairs[0]!.second]));
  expect(estimateOfReplicated(single)).toMatchObject({ value: null, why: 'fewer than two seeds', low: null });
});
