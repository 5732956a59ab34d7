/** @file The fold of a whole study: planted truths, invariances, missing arms, the fields of its result. */
import { describe, expect, test } from 'vitest';
import { fillNormal, randomStream } from '../../src/statistics/random.ts';
import type { Contrast } from '../../src/study/evidence/fold/contrasts.ts';
import { foldStudy } from '../../src/study/evidence/fold/fold-study.ts';
import { compared, similarityLess } from '../../src/study/evidence/fold/similarity.ts';
import { trained } from '../../src/study/evidence/fold/task-arms.ts';
import type { ArmData, EvidenceEstimate, EvidenceResult, StudyData } from '../../src/study/evidence/index.ts';
import { alike, type Plant, studyOf, syntheticStudy, syntheticTask, unrelated } from './synthetic-study.ts';

const verdictsOf = ({ hypotheses }: EvidenceResult) =>
  Object.fromEntries(hypotheses.map(({ id, verdict }) => [id, verdict]));
const sentenceOf = ({ hypotheses }: EvidenceResult, id: string) => hypotheses.find(each => each.id === id)!.sentence;

/** A study whose arms are changed as they are read. */
function mapArms(study: StudyData, change: (arm: ArmData, id: string) => ArmData): StudyData {
  return {
    ...study,
    tasks: study.tasks.map(task => ({
      ...task,
      arm: async id => {
        const arm = await task.arm(id);
        return 'why' in arm ? arm : change(arm, id);
      },
    })),
  };
}

const isFinetuned = (id: string) => id.startsWith('F/');

describe('verdicts are as planted', () => {
  test('everything alike: yes to all, and the sentence that only this allows', async () => {
    const result = await foldStudy(syntheticStudy(alike, [1]));
    expect(new Set(Object.values(verdictsOf(result)))).toEqual(new Set(['yes']));
    expect(result.hypotheses).toHaveLength(8);
    expect(result.tasks[0]!.sentences).toEqual([
      expect.stringMatching(
        /^In-context learning responds to demonstrations, labels and order as finetuning does, up to \d+ % of what either reproduces of itself\.$/,
      ),
    ]);
    expect(sentenceOf(result, 'H7')).toBe('They put the same rows right beyond chance and label bias.');
    expect(sentenceOf(result, 'H8')).toBe('At matched size layer-causal steps are nearer.');
  });

  test('nothing related: neither yes nor opposite anywhere', async () => {
    const result = await foldStudy(syntheticStudy(unrelated, [2]));
    for (const verdict of Object.values(verdictsOf(result))) expect(['negligible', 'undecided']).toContain(verdict);
    expect(verdictsOf(result)).toMatchObject({ H1: 'negligible', H3: 'negligible', H4: 'negligible' });
    expect(sentenceOf(result, 'H1')).toMatch(/the paper's similarity is not about them\.$/);
  });

  const others = { words: 0.8, texts: 0.8, labels: 0.8, order: 0.8 };
  test.each<[string, Partial<Plant>, string, string, RegExp]>([
    ['only words', { texts: 0 }, 'H2', 'negligible', /^What they share is the words of the demonstrations\.$/],
    ['not labels', { labels: 0 }, 'H3', 'negligible', /^They share the texts, not the labels/],
    ['labels the other way round', { labels: -0.8 }, 'H3', 'opposite', /^R_label is below 0\.$/],
    ['not the order', { order: 0 }, 'H4', 'negligible', /^They use the same information but not in sequence/],
    ['not the query', { query: 0 }, 'H5', 'negligible', /^A constant vector explains|^R_query is within 0\.2 of 0\.$/],
  ])('%s', async (_, plant, id, verdict, sentence) => {
    const result = await foldStudy(syntheticStudy({ ...alike, ...others, ...plant }, [3]));
    const rest = Object.entries(verdictsOf(result)).filter(([other]) => other !== id);
    expect(verdictsOf(result)[id]).toBe(verdict);
    expect(sentenceOf(result, id)).toMatch(sentence);
    expect(rest.filter(([, found]) => found !== 'yes')).toEqual([]);
  });
});

/** All estimates of a result by their path. */
function estimatesOf(value: unknown, path = ''): readonly (readonly [string, EvidenceEstimate])[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('value' in value && 'error' in value) return [[path, value as EvidenceEstimate]];
  return Object.entries(value).flatMap(([key, each]) => estimatesOf(each, `${path}.${key}`));
}

function expectSame(found: EvidenceResult, expected: EvidenceResult, which: (path: string) => boolean) {
  const others = new Map(estimatesOf(found));
  const compared = estimatesOf(expected).filter(([path]) => which(path));
  expect(compared.length).toBeGreaterThan(0);
  for (const [path, { value, low }] of compared) {
    const other = others.get(path)!;
    for (const [a, b] of [
      [other.value, value],
      [other.low, low],
    ] as const) {
      if (b === null) expect(a, path).toBeNull();
      else expect(a, path).toBeCloseTo(b, 4);
    }
  }
}

describe('what leaves the numbers as they are', () => {
  const study = syntheticStudy({ ...alike, labels: 0 }, [4]);
  const { layers, hiddenSize } = study.tasks[0]!;
  const perRow = layers * hiddenSize;
  const vector = fillNormal(randomStream(9), new Float32Array(perRow));

  test('one vector added to the outputs of all finetuned arms: every R_X', async () => {
    const moved = mapArms(study, (arm, id) =>
      isFinetuned(id) ? { ...arm, attentionOutput: arm.attentionOutput.map((x, k) => x + vector[k % perRow]!) } : arm,
    );
    const [before, after] = [await foldStudy(study), await foldStudy(moved)];
    expectSame(after, before, path =>
      /\.shared\.|\.curves\.layers\.\d+\.(demonstrations|labels|order|query)|\.relF|\.share$/.test(path),
    );
    expect(after.tasks[0]!.ladder[0]!.S.value).not.toBeCloseTo(before.tasks[0]!.ladder[0]!.S.value!, 2);
  });

  test('rows in another order, and seeds: every estimate but those with drawn numbers', async () => {
    const task = study.tasks[0]!;
    const { rows, behaviourRows, seeds } = task.plan;
    const order = Array.from({ length: behaviourRows }, (_, i) => (i < rows ? (i + 3) % rows : i));
    const permuteRows = (arm: ArmData): ArmData => {
      const pick = <T>(values: readonly T[]) => order.filter(i => i < values.length).map(i => values[i]!);
      const output = new Float32Array(arm.attentionOutput.length);
      const scores: number[] = [];
      const offsets = [0];
      const width = layers * task.heads;
      for (let i = 0; i < rows; i++) {
        output.set(arm.attentionOutput.subarray(order[i]! * perRow, (order[i]! + 1) * perRow), i * perRow);
        const [from, to] = [arm.offsets[order[i]!]!, arm.offsets[order[i]! + 1]!];
        scores.push(...arm.scores.subarray(from * width, to * width));
        offsets.push(offsets.at(-1)! + to - from);
      }
      const { kendall } = arm.record;
      return {
        record: {
          ...arm.record,
          logProbabilities: pick(arm.record.logProbabilities),
          ...(kendall && {
            kendall: {
              finetuned: pick(kendall.finetuned),
              untouched: pick(kendall.untouched),
              permutedRows: pick(kendall.permutedRows),
            },
          }),
        },
        attentionOutput: output,
        scores: Float32Array.from(scores),
        offsets,
      };
    };
    const seedOf = (seed: number) => 1 + ((seed + 1) % seeds);
    // Seeds 1 and 2 mod 2 have their own untrained model: the permutation keeps them apart.
    const renamed = (id: string) => id.replace(/\/(\d+)\//, (_, seed) => `/${seedOf(Number(seed))}/`);
    const permuted: StudyData = {
      ...study,
      tasks: [
        {
          ...task,
          queryRows: order.map(i => task.queryRows[i]!),
          gold: order.map(i => task.gold[i]!),
          demonstrations: task.demonstrations.map((_, d) => task.demonstrations[seedOf(d + 1) - 1]!),
          arm: async id => {
            const arm = (await task.arm(renamed(id))) as ArmData;
            return permuteRows({ ...arm, record: { ...arm.record, arm: id } });
          },
        },
      ],
    };
    // `unmatched` has the first four seeds.
    const isOfAll = (path: string) => !/unmatched|\.ladder\.14\./.test(path);
    expectSame(await foldStudy(permuted), await foldStudy(study), isOfAll);
  });

  test('the same bytes from arms that are read anew each time; JSON keeps them', async () => {
    const fresh = mapArms(study, arm => ({ ...arm, attentionOutput: arm.attentionOutput.slice() }));
    const [one, other] = [await foldStudy(study), await foldStudy(fresh)];
    expect(JSON.stringify(other)).toBe(JSON.stringify(one));
    expect(JSON.parse(JSON.stringify(one))).toEqual(one);
    expect(JSON.stringify(one)).not.toMatch(/NaN|Infinity/);
  });
});

describe('arms that are not there', () => {
  test('a diverged arm takes its seed out of the numbers that need it', async () => {
    const study = syntheticStudy(alike, [5]);
    const without: StudyData = {
      ...study,
      tasks: study.tasks.map(task => ({
        ...task,
        arm: id => (id === 'F/3/labels' ? Promise.resolve({ arm: id, why: 'the loss is not finite' }) : task.arm(id)),
      })),
    };
    const [{ shared, behaviour, ladder }] = (await foldStudy(without)).tasks as [EvidenceResult['tasks'][number]];
    expect(shared.labels).toMatchObject({
      n: { seeds: 7 },
      why: 'without seed 3, as F/3/labels is missing: the loss is not finite',
    });
    expect(shared.labels.value).toBeGreaterThan(0.5);
    expect(shared.order.n.seeds).toBe(8);
    expect(shared.order).not.toHaveProperty('why');
    expect(behaviour.shift.labels!.n.seeds).toBe(7);
    expect(ladder.find(({ finetuned }) => finetuned === 'labels')!.less!.n.seeds).toBe(7);
  });

  test('arms that the plan leaves out: null with why; no hypothesis about them', async () => {
    const none = { rates: { seeds: 0, multiples: [] }, shots: { seeds: 0, counts: [] } } as const;
    const untrained = { seeds: 0, initialisations: 1, unmatched: 0 } as const;
    const only = { random: 0, tokens: 0, task: 0, layerCausal: 0, nudged: 0, batch: 0, untrained, ...none } as const;
    const task = syntheticTask('sst2', alike, [6], undefined, { order: 'all', labels: 'all', ...only });
    const result = await foldStudy(studyOf([task]));
    expect(result.hypotheses.map(({ id }) => id)).toEqual(['H1', 'H3', 'H4', 'H5', 'H7']);
    const [{ shared, gates, curves, ceiling }] = result.tasks as [EvidenceResult['tasks'][number]];
    expect(shared.tokens).toMatchObject({ value: null, low: null, why: 'the plan has no such arms' });
    expect(ceiling.rate4.value).toBeNull();
    expect(gates.steady).toMatchObject({ pass: null, why: 'the plan has no such arms' });
    expect(curves).toMatchObject({ rate: [], shots: [] });
    expect(sentenceOf(result, 'H1')).toBe(
      'Whether rounding decides finetuning at this rate was not checked. R_demo(I, F) is above 0.',
    );
  });

  test('an arm that was added after registration marks its numbers', async () => {
    const { tasks, ...study } = syntheticStudy(alike, [7]);
    const [task] = tasks as [StudyData['tasks'][number]];
    const late = (id: string) => id.endsWith('/tokens');
    const plan = { ...task.plan, arms: task.plan.arms.filter(id => !late(id)) };
    const additions = task.plan.arms.filter(late).map(id => ({ kind: 'arm', id, task: 'sst2' }) as const);
    const result = await foldStudy({ ...study, tasks: [{ ...task, plan }], additions });
    const [{ shared }] = result.tasks as [EvidenceResult['tasks'][number]];
    expect(shared.tokens).toMatchObject({ exploratory: true, n: { seeds: 8 } });
    expect(shared.labels).not.toHaveProperty('exploratory');
  });
});

test('an arm whose outputs are not finite: refused', async () => {
  const study = mapArms(syntheticStudy(alike, [11]), (arm, id) => {
    if (id === 'F/2/order') arm.attentionOutput[5] = Number.NaN;
    return arm;
  });
  await expect(foldStudy(study)).rejects.toThrow(/not finite/);
});

test("an arm and a contrast of one's own", async () => {
  const study = syntheticStudy(alike, [10]);
  const [task] = study.tasks as [StudyData['tasks'][number]];
  const own = [1, 2, 3, 4].flatMap(seed => [`I/${seed}/mine`, `F/${seed}/mine`]);
  const withOwn: StudyData = {
    ...study,
    tasks: [{ ...task, arm: id => task.arm(id.replace('mine', 'labels')) }],
    additions: own.map(id => ({ kind: 'arm', id, task: 'sst2' })),
  };
  const nearer: Contrast = {
    id: 'nearer',
    value: arms => similarityLess(arms, compared(), compared(undefined, trained('finetuned', 'mine'))),
  };
  const [{ contrasts, ladder, behaviour }] = (await foldStudy(withOwn, [nearer])).tasks as [
    EvidenceResult['tasks'][number],
  ];
  const row = ladder.find(({ finetuned }) => finetuned === 'mine')!;
  expect(row.S).toMatchObject({ n: { seeds: 4 }, exploratory: true });
  expect(contrasts.nearer).toMatchObject({ value: row.less!.value, exploratory: true });
  expect(contrasts.R_mine).toMatchObject({ n: { seeds: 4 }, exploratory: true });
  expect(behaviour.shift.mine!.n.seeds).toBe(4);
});

test('two tasks: one family of hypotheses', async () => {
  const tasks = [syntheticTask('sst2', alike, [8]), syntheticTask('subj', unrelated, [9])];
  const result = await foldStudy(studyOf(tasks));
  expect(result.hypotheses).toHaveLength(16);
  const least = Math.min(...result.hypotheses.map(({ p }) => p!));
  expect(result.hypotheses.find(({ p }) => p === least)!.adjusted).toBeCloseTo(16 * least, 12);
  expect(Object.keys(result.predictsBehaviour)).toEqual(['sst2', 'subj', 'exploratory']);
});
