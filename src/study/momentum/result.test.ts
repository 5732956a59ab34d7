import { describe, expect, test } from 'vitest';
import { benjaminiHochberg } from '../../statistics/benjamini-hochberg.ts';
import { pairedT } from '../../statistics/paired-t.ts';
import type { CellRecord } from './cell-record.ts';
import { drawFigures } from './figures.ts';
import type { Eta, MomentumPlan } from './plan.ts';
import { foldResult } from './result.ts';
import type { Measure } from './trainee.ts';

const plan = { etas: [0, 0.1, 0.9], seeds: [4, 2, 7], tasks: {} } as unknown as MomentumPlan;
const measure = (name: string, table: Measure['table']): Measure => ({
  name,
  table,
  title: name,
  better: 'lower',
  digits: 2,
});

const tasks = [
  {
    task: 'markov-chain',
    measures: [measure('nats', 'in-context'), measure('training loss', 'training')],
    curves: [{ name: 'losses', title: 'Losses', x: { title: 'place', values: [1, 2] }, y: 'nats' }],
    baselines: [
      { name: 'chance', measures: { nats: 1.1 }, curves: { losses: [1.1, 1.1] } },
      { name: 'counts', measures: {}, curves: {} },
    ],
  },
  {
    task: 'associative-recall',
    measures: [measure('accuracy', 'in-context')],
    curves: [],
    baselines: [{ name: 'chance', measures: { accuracy: 0.25 }, curves: {} }],
  },
] as const;

/** By eta, a value for each seed in the order of the plan. */
const nats: Record<string, number[]> = { 0: [1, 1.1, 1.3], 0.1: [0.8, 1, 1.1], 0.9: [1.2, 1, 1.5] };
const accuracies: Record<string, number[]> = { 0: [0.5, 0.6, 0.4], 0.1: [0.7, 0.9, 0.55], 0.9: [0.5, 0.6, 0.4] };

function recordsOf(diverged: (eta: Eta, seed: number) => boolean = () => false): CellRecord[] {
  return plan.etas.flatMap(eta =>
    plan.seeds.flatMap((seed, i): CellRecord[] => {
      const [x, y] = [nats[eta]![i]!, accuracies[eta]![i]!];
      if (diverged(eta, seed)) {
        return [
          { task: 'markov-chain', eta, seed, measures: null, why: `chain ${eta} ${seed}`, curves: {} },
          { task: 'associative-recall', eta, seed, measures: { accuracy: y }, curves: {} },
        ];
      }
      return [
        {
          task: 'markov-chain',
          eta,
          seed,
          measures: { nats: x, 'training loss': 2 * x },
          curves: { losses: [x, x / 2] },
        },
        { task: 'associative-recall', eta, seed, measures: { accuracy: y }, curves: {} },
      ];
    }),
  );
}

const result = foldResult(plan, 'signature', tasks, recordsOf());
const [inContext, training] = result.tables;

describe('a table', () => {
  test('has the measures of all its tasks, with means and values by seed', () => {
    expect(result.tables.map(({ name }) => name)).toEqual(['in-context', 'training']);
    expect(inContext!.columns.map(({ task, name }) => `${task} ${name}`)).toEqual([
      'markov-chain nats',
      'associative-recall accuracy',
    ]);
    const [plain] = inContext!.rows;
    expect(plain!.entries[0]!.values).toEqual([1, 1.1, 1.3]);
    expect(plain!.entries[0]!.mean).toBeCloseTo(3.4 / 3, 14);
    expect(plain!.entries[0]!.difference).toBeUndefined();
  });

  test('compares each eta with plain attention, paired by seed', () => {
    const { difference } = inContext!.rows[1]!.entries[0]!;
    expect(difference).toMatchObject({ ...pairedT(nats[0.1]!, nats[0]!)! });
    // -0.2, -0.1, -0.2: mean -1/6, deviation sqrt(1/300); 4.302653 is the point of t with two
    // degrees of freedom.
    expect(difference!.difference).toBeCloseTo(-1 / 6, 14);
    expect(difference!.high).toBeCloseTo(-1 / 6 + (4.302652729749462 * Math.sqrt(1 / 300)) / Math.sqrt(3), 12);
  });

  test('adjusts p for all its comparisons', () => {
    const p = [nats, accuracies].flatMap(values => [0.1, 0.9].map(eta => pairedT(values[eta]!, values[0]!)!.p));
    const adjusted = benjaminiHochberg(p);
    const found = [0, 1].flatMap(column =>
      [1, 2].map(row => inContext!.rows[row]!.entries[column]!.difference!.adjusted),
    );
    expect(found).toEqual(adjusted.map(each => each && expect.closeTo(each, 14)));
    const alone = benjaminiHochberg([0.1, 0.9].map(eta => pairedT(nats[eta]!, nats[0]!)!.p));
    expect(training!.rows.slice(1).map(({ entries }) => entries[0]!.difference!.adjusted)).toEqual(
      alone.map(p => expect.closeTo(p!, 12)),
    );
  });

  test('a comparison without spread has no p, says why, and leaves the family', () => {
    const same = { difference: 0, low: null, high: null, p: null, adjusted: null, n: 3 };
    expect(inContext!.rows[2]!.entries[1]!.difference).toEqual({
      ...same,
      why: 'the same as plain attention with every seed',
    });
    const constant = recordsOf().map(record =>
      record.task === 'associative-recall' ? { ...record, measures: { accuracy: 0.13 } } : record,
    );
    const [table] = foldResult(plan, '', tasks, constant).tables;
    for (const { entries } of table!.rows.slice(1)) {
      expect(entries[1]).toMatchObject({ mean: 0.13, low: null, high: null, why: 'all 3 values are the same' });
      expect(entries[1]!.difference).toEqual({ ...same, why: 'every model gives the same answer' });
    }
    // Two comparisons are left to adjust for.
    const left = table!.rows.slice(1).map(({ entries }) => entries[0]!.difference!);
    expect(left.map(({ adjusted }) => adjusted)).toEqual(benjaminiHochberg(left.map(({ p }) => p)));
  });

  test('has baselines, one row per name', () => {
    expect(inContext!.baselines).toEqual([{ name: 'chance', values: [1.1, 0.25] }]);
    expect(training!.baselines).toEqual([]);
  });
});

test('a curve has means with intervals, and the baselines that have it', () => {
  const [curve] = result.curves;
  expect(curve!.series.map(({ eta }) => eta)).toEqual([0, 0.1, 0.9]);
  const [first, second] = curve!.series[0]!.points;
  expect(first!.mean).toBeCloseTo(3.4 / 3, 14);
  expect(second!.mean).toBeCloseTo(1.7 / 3, 14);
  expect(first!.low).toBeLessThan(1);
  expect(curve!.baselines).toEqual([{ name: 'chance', values: [1.1, 1.1] }]);
});

test('a point of a curve with too few seeds is null', () => {
  const records = recordsOf().map(record => {
    const isGap = record.eta === 0.1 && record.seed !== 7 && 'losses' in record.curves;
    return isGap ? { ...record, curves: { losses: [record.curves.losses![0]!, null] } } : record;
  });
  const [, momentum] = foldResult(plan, '', tasks, records).curves[0]!.series;
  expect(momentum!.points.map(point => point === null)).toEqual([false, true]);
});

test('does not depend on the order of the records', () => {
  expect(foldResult(plan, 'signature', tasks, recordsOf().reverse())).toEqual(result);
});

test('diverged seeds are left out of pairs, and named', () => {
  const part = foldResult(
    plan,
    '',
    tasks,
    recordsOf((eta, seed) => eta === 0.9 && seed === 2),
  );
  const { values, mean, difference } = part.tables[0]!.rows[2]!.entries[0]!;
  expect(values).toEqual([1.2, null, 1.5]);
  expect(mean).toBeCloseTo(1.35, 14);
  expect(difference).toMatchObject({ n: 2, difference: expect.closeTo(0.2, 14) });
  expect(part.diverged).toEqual(['chain 0.9 2']);

  // Without plain attention there is nothing to compare with.
  const none = foldResult(
    plan,
    '',
    tasks,
    recordsOf(eta => eta === 0),
  );
  expect(none.tables[0]!.rows[1]!.entries[0]!.difference).toBeUndefined();
  expect(none.tables[0]!.rows[0]!.entries[0]).toMatchObject({ mean: null, why: 'fewer than two seeds have a number' });
});

test('learned etas are averaged over the seeds, head by head', () => {
  const learned = plan.seeds.map(
    (seed, i): CellRecord => ({
      ...{
        task: 'markov-chain',
        eta: 'learned',
        seed,
        measures: { nats: 1, 'training loss': 1 },
        curves: { losses: [1, 1] },
      },
      learned: [[0.1 * i, 0.5]],
    }),
  );
  const two = { ...plan, etas: [0, 'learned'] } as MomentumPlan;
  const records = [...recordsOf().filter(({ eta }) => eta === 0), ...learned];
  const [found] = foldResult(two, '', tasks.slice(0, 1), records).learned;
  expect(found!.task).toBe('markov-chain');
  expect(found!.eta[0]!).toBeAllClose([0.1, 0.5], 1e-15);
});

test('figures: curves, and training losses by eta', () => {
  expect(drawFigures(result).map(({ file }) => file)).toEqual(['markov-chain-losses.svg', 'training-by-eta.svg']);
  const { svg } = drawFigures(result)[0]!;
  for (const name of ['plain attention', 'eta 0.1', 'eta 0.9', 'chance']) expect(svg).toContain(`>${name}<`);
});
