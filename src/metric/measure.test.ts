import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pairedT } from '../statistics/paired-t.ts';
import { fillUniform, randomStream } from '../statistics/random.ts';
import { notMeasured } from './fold.ts';
import { type ExampleMetrics, type MeasureOptions, measure, type ObservedExample } from './measure.ts';
import type { Observation } from './observation.ts';
import { summarise } from './summarise.ts';

// L layers, H heads, D width, T query tokens, P prefix tokens, N demonstration tokens.
const [L, H, D, T, P, N] = [3, 2, 8, 4, 12, 7];

const random = (length: number, ...path: number[]) =>
  Float32Array.from(fillUniform(randomStream(...path), new Float64Array(length)), x => x - 0.5);

const observation = (index: number, setting: number): Observation => ({
  attentionOutput: random(L * D, index, setting, 0),
  scores: random(L * H * T, index, setting, 1),
  contextScores: random(L * P, index, setting, 2),
  query: random(L * D, index, setting, 3),
});

const options: MeasureOptions = {
  layers: L,
  heads: H,
  seed: 1,
  training: {
    prefixIndices: Int32Array.from({ length: N }, (_, n) => 1 + n),
    queries: Array.from({ length: L }, (_, layer) => random(N * D, 99, layer)),
  },
};

const example = (index: number): ObservedExample => ({
  index,
  row: 1000 - index,
  zeroShot: observation(index, 0),
  inContext: observation(index, 1),
  finetuned: observation(index, 2),
});

const records = Array.from({ length: 130 }, (_, index) => measure(example(index), options));

test('the result has the documented shape', () => {
  const summary = summarise(records);
  const similarity = (n: number) => ({
    value: expect.any(Number),
    perLayer: [expect.any(Number), expect.any(Number), expect.any(Number)],
    n,
    interval: { low: expect.any(Number), high: expect.any(Number) },
  });
  expect(summary).toEqual({
    simAOU: {
      ...similarity(130),
      random: similarity(130),
      difference: similarity(130),
      unnormalised: similarity(130),
    },
    simAM: { ...similarity(130), zeroShot: similarity(130), difference: similarity(130), delta: similarity(130) },
    kendall: { ...similarity(100), random: similarity(100), difference: similarity(100) },
  });
});

test('a difference is that of its two values, with the interval of the paired rows', () => {
  const { simAOU, simAM, kendall } = summarise(records);
  for (const [value, less, difference] of [
    [simAOU, simAOU.random, simAOU.difference],
    [simAM, simAM.zeroShot, simAM.difference],
    [kendall, kendall.random, kendall.difference],
  ]) {
    expect(difference!.value).toBeCloseTo(value!.value! - less!.value!, 12);
  }
  const mean = (values: readonly (number | null)[]) => values.reduce((sum: number, x) => sum + x!, 0) / values.length;
  const { low, high } = pairedT(
    records.map(record => mean(record.simAM!)),
    records.map(record => mean(record.simAMZeroShot!)),
  )!;
  expect(simAM.difference.interval).toEqual({ low: expect.closeTo(low!, 12), high: expect.closeTo(high!, 12) });
});

test('Kendall reads the first hundred examples in evaluation order', () => {
  expect(records[99]!.kendall).toHaveLength(L);
  expect(records[100]!.kendall).toBeUndefined();
  expect(summarise(records).kendall).toEqual(summarise(records.slice(0, 100)).kendall);
});

test('every number is under its name', () => {
  // One layer, one head; every metric differs.
  const one = (attentionOutput: number[], scores: number[]): Observation => ({
    attentionOutput: new Float32Array(attentionOutput),
    scores: new Float32Array(scores),
    contextScores: new Float32Array([0, 1, 2, 3]),
    query: new Float32Array([1, 2]),
  });
  const metrics = measure(
    {
      index: 0,
      row: 5,
      zeroShot: one([1, 0], [0, 1]),
      inContext: one([0, 2], [3, 4]),
      finetuned: one([3, 3], [4, 3]),
    },
    {
      layers: 1,
      heads: 1,
      seed: 1,
      training: { prefixIndices: [1, 2, 3], queries: [new Float32Array([1, 0, 0, 1, 3, -2])] },
    },
  );
  expect(metrics).toEqual({
    index: 0,
    row: 5,
    simAOU: [expect.closeTo(Math.cos(Math.PI / 8), 12)],
    simAOURandom: [expect.any(Number)],
    simAOUUnnormalised: [expect.closeTo(4 / Math.sqrt(65), 12)],
    simAM: [expect.closeTo(24 / 25, 12)],
    simAMZeroShot: [expect.closeTo(4 / 5, 12)],
    // (3, 3).(4, 2)
    simAMDelta: [expect.closeTo(18 / Math.sqrt(18 * 20), 12)],
    // 1 2 3 against 1 2 -1
    kendall: [expect.closeTo(-1 / 3, 12)],
    kendallRandom: [expect.any(Number)],
  });
});

test('the order of examples and batches changes no bit', () => {
  const bytes = JSON.stringify(summarise(records));
  fc.assert(
    fc.property(fc.shuffledSubarray(records, { minLength: records.length }), shuffled => {
      expect(JSON.stringify(summarise(shuffled))).toBe(bytes);
    }),
    { numRuns: 20 },
  );
});

test('JSON keeps every bit', () => {
  const read = records.map(record => JSON.parse(JSON.stringify(record)) as ExampleMetrics);
  expect(read).toEqual(records);
  expect(JSON.stringify(summarise(read))).toBe(JSON.stringify(summarise(records)));
});

test('in-context against zero-shot does not depend on finetuning', () => {
  const other = measure({ ...example(3), finetuned: observation(3, 7) }, options);
  expect(other.simAMZeroShot).toEqual(records[3]!.simAMZeroShot);
  expect(other.simAOURandom).toEqual(records[3]!.simAOURandom);
  expect(other.simAM).not.toEqual(records[3]!.simAM);
});

test('is null with why for settings that were not run', () => {
  const { finetuned: _, ...withoutFinetuning } = example(0);
  const { training: __, ...untrained } = options;
  const summary = summarise([measure(withoutFinetuning, untrained)]);
  const missing = (settings: string) => notMeasured(`needs the settings ${settings}`);
  const all = 'zero-shot, in-context and finetuned';
  expect(summary.simAOU).toEqual({
    ...missing(all),
    random: expect.objectContaining({ n: 1 }),
    difference: missing(all),
    unnormalised: missing(all),
  });
  expect(summary.simAM).toEqual({
    ...missing('in-context and finetuned'),
    zeroShot: expect.objectContaining({ n: 1 }),
    difference: missing(all),
    delta: missing(all),
  });
  expect(summary.kendall).toEqual({
    ...missing('in-context and finetuned'),
    random: missing('in-context and finetuned'),
    difference: missing('in-context and finetuned'),
  });
  expect(measure({ index: 0, row: 0, zeroShot: observation(0, 0) }, options)).toEqual({ index: 0, row: 0 });
});

test('is null with why without examples', () => {
  expect(summarise([]).simAM.delta).toEqual(notMeasured('no examples'));
});

test('equal settings have no update to compare', () => {
  const { simAOU, simAM } = summarise([measure({ ...example(0), inContext: observation(0, 0) }, options)]);
  expect(simAOU).toMatchObject({
    value: null,
    n: 0,
    why: 'an update of the attention output is zero or rounding in every example and layer',
  });
  expect(simAOU.random.value).toBeNull();
  expect(simAM.delta.value).toBeNull();
  expect(simAM.zeroShot.value).toBeCloseTo(1, 12);
});

test('throws if an example comes twice', () => {
  expect(() => summarise([records[0]!, records[0]!])).toThrow(/example 0 comes twice/);
});

test('refuses arrays of wrong size, naming the row', () => {
  const broken =
    (change: Partial<Observation>, from: MeasureOptions = options) =>
    () =>
      measure({ ...example(0), inContext: { ...observation(0, 1), ...change } }, from);
  expect(broken({ scores: random(L * H * T + 1, 0) })).toThrow(/row 1000: 25 attention scores for 3 layers of 2 heads/);
  expect(broken({ scores: random(L * H * (T + 1), 0) })).toThrow(/two query lengths/);
  expect(broken({ attentionOutput: random(L * D + 1, 0) })).toThrow(/25 attention outputs for 3 layers/);
  expect(broken({ attentionOutput: random(L * (D + 1), 0) })).toThrow(/two sizes/);
  expect(broken({ contextScores: random(L * (N - 1), 0) })).toThrow(/token 5 is at 6 of a prefix of 6/);
  const short = { ...options.training!, queries: options.training!.queries.slice(1) };
  expect(broken({}, { ...options, training: short })).toThrow(/training queries of 2 layers for 3/);
  const cut = { ...options.training!, queries: options.training!.queries.map(q => q.subarray(1)) };
  expect(broken({}, { ...options, training: cut })).toThrow(/55 numbers of training queries in layer 0 for 7 tokens/);
});
