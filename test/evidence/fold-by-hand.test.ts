/** @file Numbers of the fold that can be computed by hand, from two seeds of a tiny model. */
import { expect, test } from 'vitest';
import { foldStudy } from '../../src/study/evidence/fold/fold-study.ts';
import { sentenceOf, sentencesOf } from '../../src/study/evidence/fold/sentences.ts';
import type { ArmData, EvidenceResult, TaskData } from '../../src/study/evidence/index.ts';
import { alike, studyOf, syntheticStudy } from './synthetic-study.ts';

interface Hand {
  /** [R, D] of each arm, one layer. */
  readonly outputs: Readonly<Record<string, readonly (readonly number[])[]>>;
  /** Label probabilities of each row, for the arms that have others than the rest. */
  readonly probabilities?: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly gold?: readonly number[];
}

function taskOf({ outputs, probabilities = {}, gold = [] }: Hand): TaskData {
  const ids = Object.keys(outputs);
  const [rows, hiddenSize] = [outputs.Z!.length, outputs.Z![0]!.length];
  const seeds = ids.filter(id => id.startsWith('I/') && id.endsWith('/same')).length;
  const golds = gold.length > 0 ? gold : Array<number>(rows).fill(0);
  return {
    plan: {
      ...{ name: 'sst2', digest: '', template: 'paper', labels: [' a', ' b'], k: 1, shotsAsked: 1, seeds, rows },
      ...{ behaviourRows: golds.length, rate: 1, otherTask: null, arms: ids },
    },
    ...{ layers: 1, heads: 1, hiddenSize, rotary: false, queryRows: golds.map((_, i) => i), gold: golds },
    demonstrations: Array.from({ length: seeds }, (_, d) => [d]),
    arm: async (id): Promise<ArmData> => ({
      record: {
        ...{ arm: id, setting: 'zero-shot', model: 'trained', seed: null, variant: null, learningRate: null },
        ...{ losses: [], step: null, seconds: 0 },
        logProbabilities: golds.map((_, i) => (probabilities[id]?.[i] ?? [0.6, 0.4]).map(Math.log)),
      },
      attentionOutput: Float32Array.from(outputs[id]!.flat()),
      scores: Float32Array.from({ length: rows }, (_, i) => 1 + i + id.length),
      offsets: Array.from({ length: rows + 1 }, (_, i) => i),
    }),
  };
}

async function fold(hand: Hand): Promise<EvidenceResult['tasks'][number]> {
  return (await foldStudy(studyOf([taskOf(hand)]))).tasks[0]!;
}

test('R_demo and the partition of two seeds', async () => {
  const outputs = {
    Z: [[0, 0]],
    'I/1/same': [[1, 0]],
    'F/1/same': [[2, 1]],
    'I/2/same': [[0, 1]],
    'F/2/same': [[1, 2]],
  };
  const { shared, partition, matrix, ladder } = await fold({ outputs });
  expect(shared.demonstrations.value).toBeCloseTo(1, 12);
  expect(partition.total.value).toBeCloseTo(4 / Math.sqrt(20), 12);
  expect(partition.generic.value).toBeCloseTo(0.6708, 4);
  expect(partition.demonstration.value).toBeCloseTo(0.2236, 4);
  const [own, other] = [2 / Math.sqrt(5), 1 / Math.sqrt(5)];
  expect(matrix.flat()).toBeAllClose([own, other, other, own], 1e-12);
  const [same, others] = ladder;
  expect(same).toMatchObject({
    inContext: 'same',
    finetuned: 'same',
    less: null,
    size: expect.closeTo(Math.sqrt(5), 6),
  });
  expect([same!.S.value, others!.S.value, others!.less!.value]).toBeAllClose([own, other, own - other], 1e-12);

  const swapped = await fold({ outputs: { ...outputs, 'F/1/same': [[1, 2]], 'F/2/same': [[2, 1]] } });
  expect(swapped.shared.demonstrations.value).toBeCloseTo(-1, 12);
});

test('rows that share nothing: S 1, permuted rows 0, centred 1', async () => {
  const rows = [
    [1, 0],
    [0, 1],
  ];
  const none = rows.map(() => [0, 0]);
  const { ladder, permutedRows, centred } = await fold({ outputs: { Z: none, 'I/1/same': rows, 'F/1/same': rows } });
  expect(ladder[0]!.S.value).toBe(1);
  expect(permutedRows.value).toBeCloseTo(0, 12);
  expect(centred.value).toBeCloseTo(1, 12);
});

test('R_query is 0 where u and v share nothing but -h_Z', async () => {
  const signs = [
    [1, 1],
    [1, -1],
    [-1, 1],
    [-1, -1],
  ] as const;
  const { shared } = await fold({
    outputs: {
      Z: signs.map(([z]) => [z, 0, 0]),
      'I/1/same': signs.map(([z, s]) => [z / 2, s, 0]),
      'F/1/same': signs.map(([z, s]) => [0.9 * z, 0, z * s]),
    },
  });
  expect(shared.query.value).toBeCloseTo(0, 6);
});

test('strata and explained shift', async () => {
  const one = [[1, 0]];
  const outputs = { Z: [[0, 0]], 'I/1/same': one, 'F/1/same': [[1, 1]] };
  // n, g, f, b = (10, 6, 5, 4) of label 0 and (20, 15, 4, 3) of label 1; zero-shot is always wrong.
  const strata = [
    { label: 0, n: 10, inContext: 6, finetuned: 5, both: 4 },
    { label: 1, n: 20, inContext: 15, finetuned: 4, both: 3 },
  ];
  const rows = strata.flatMap(({ label, n, inContext, finetuned, both }) =>
    Array.from({ length: n }, (_, i) => ({
      label,
      I: i < inContext,
      F: i < both || (i >= inContext && i < inContext + finetuned - both),
    })),
  );
  const answer = (label: number, isRight: boolean) => ((label === 0) === isRight ? [0.9, 0.1] : [0.1, 0.9]);
  const { behaviour } = await fold({
    outputs,
    gold: rows.map(({ label }) => label),
    probabilities: {
      Z: rows.map(({ label }) => answer(label, false)),
      'I/1/same': rows.map(({ label, I }) => answer(label, I)),
      'F/1/same': rows.map(({ label, F }) => answer(label, F)),
    },
  });
  expect(behaviour.rec2ftp).toMatchObject({
    numerator: 7,
    denominator: 9,
    strata: strata.map(each => ({ seed: 1, ...each })),
  });
  expect(behaviour.rec2ftp.expected).toBeCloseTo(6, 12);
  expect(behaviour.rec2ftp.kappa.value).toBeCloseTo(1 / 3, 12);
  expect(behaviour.rec2ftp.oddsRatio.value).toBeCloseTo(2.25, 12);

  const shift = await fold({
    outputs,
    probabilities: { Z: [[0.5, 0.5]], 'I/1/same': [[0.8, 0.2]], 'F/1/same': [[0.7, 0.3]] },
  });
  expect(shift.behaviour.shift.same!.value).toBeCloseTo(0.866497, 6);
});

test('S at rho = 1 lies between two rates, linear in ln rho', async () => {
  const { curves } = await fold({
    outputs: {
      Z: [[0, 0]],
      'I/1/same': [[1, 0]],
      'F/1/same': [[0.3, 0.4]],
      'F/1/rate-4': [[4, 0]],
    },
  });
  expect(curves.rate.map(({ multiple, size }) => [multiple, size])).toEqual([
    [1, expect.closeTo(0.5, 6)],
    [4, expect.closeTo(4, 6)],
  ]);
  // ln 2 of ln 8 of the way from 0.6 to 1.
  expect(curves.rateAtSize1.same.value).toBeCloseTo(0.6 + 0.4 / 3, 6);
});

test('what may be said, for each outcome of the hypotheses', async () => {
  const study = syntheticStudy(alike, [30]);
  const { hypotheses, tasks } = await foldStudy(study);
  const [task] = tasks as [EvidenceResult['tasks'][number]];
  const effects = study.plan.statistics.smallestEffects;
  const say = (id: string, verdicts: Readonly<Record<string, 'yes' | 'opposite' | 'negligible' | 'undecided'>>) => {
    const family = hypotheses.map(each => ({ ...each, verdict: verdicts[each.id] ?? each.verdict }));
    return sentenceOf(family.find(each => each.id === id)!, family, task);
  };
  expect(say('H2', { H2: 'negligible' })).toBe('What they share is the words of the demonstrations.');
  expect(say('H2', { H1: 'undecided', H2: 'negligible' })).toBe('R_demo(I, F) - R_demo(I, F^t) is within 0.2 of 0.');
  expect(say('H3', { H3: 'negligible' })).toMatch(/^They share the texts, not the labels/);
  expect(say('H3', { H2: 'undecided', H3: 'negligible' })).toBe('R_label is within 0.2 of 0.');
  expect(say('H4', { H4: 'negligible' })).toMatch(/^They use the same information but not in sequence/);
  expect(say('H6', { H6: 'opposite' })).toMatch(/^An untrained model gives as much\./);
  expect(say('H7', { H7: 'negligible' })).toMatch(/^Rec2FTP is what unrelated corrections/);
  expect(say('H8', { H8: 'undecided' })).toMatch(
    /^Cannot be told: effects below 0\.0\d+ are not seen by 8 sets of demonstrations\.$/,
  );
  expect(sentencesOf(hypotheses, task, effects)).toHaveLength(1);
  const failed = { ...task, gates: { ...task.gates, steady: { ...task.gates.steady, pass: false } } };
  expect(sentenceOf(hypotheses[0]!, hypotheses, failed)).toMatch(
    /^At this rate finetuning is decided by rounding; its numbers are those of a machine\. R_demo/,
  );
  for (const sentence of sentencesOf(hypotheses, failed, effects)) expect(sentence).toMatch(/^At this rate/);
  const lessOrder = {
    ...task.behaviour.orderSensitivity,
    ratio: { ...task.behaviour.orderSensitivity.ratio, high: 0.05 },
  };
  const insensitive = { ...task, behaviour: { ...task.behaviour, orderSensitivity: lessOrder } };
  expect(sentencesOf(hypotheses, insensitive, effects)).toEqual([]);
  expect(sentenceOf(hypotheses[3]!, hypotheses, insensitive)).toMatch(/^They use the same information but not/);
});
