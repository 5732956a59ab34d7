import { createHash } from 'node:crypto';
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finetuneInOneStep } from '../../src/setting/finetune.ts';
import { addAdditions, readAdditions } from '../../src/study/evidence/additions.ts';
import { estimateEvidence, type StudyCost } from '../../src/study/evidence/cost.ts';
import { compared, similarityLess } from '../../src/study/evidence/fold/similarity.ts';
import { type TaskArms, trained } from '../../src/study/evidence/fold/task-arms.ts';
import { foldFolder } from '../../src/study/evidence/fold-folder.ts';
import { foldOwnContrast } from '../../src/study/evidence/own-contrast.ts';
import type { EvidencePlan } from '../../src/study/evidence/plan.ts';
import { planEvidence, registerEvidence } from '../../src/study/evidence/register-study.ts';
import { runOwnArm } from '../../src/study/evidence/run-own-arm.ts';
import { type EvidenceOptions, runEvidence } from '../../src/study/evidence/run-study.ts';
import { inProcesses } from '../../src/study/sweep/in-processes.ts';
import { LETTERS, scratch, TINY_MODEL, WORDS } from '../run/tiny.ts';

const small = {
  ...{ preset: 'quick', model: TINY_MODEL, tasks: [LETTERS], learningRate: 0.1 },
  ...{ shots: 4, rows: 4, behaviourRows: 6, threads: 1 },
} as const satisfies EvidenceOptions;

const text = (...parts: string[]) => readFileSync(join(...parts), 'utf8');
const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

describe('registration', () => {
  test('is the SHA-256 of plan.json, the same for the same options', async () => {
    const [one, other] = [scratch(), scratch()];
    const { registered, plan } = await registerEvidence({ ...small, out: one });
    expect(registered).toBe(sha256(text(one, 'plan.json')));
    expect(readdirSync(one)).toEqual(['plan.json']);
    expect((await registerEvidence({ ...small, out: other })).registered).toBe(registered);
    expect((await registerEvidence({ ...small, out: one })).registered).toBe(registered);
    expect(plan.tasks).toMatchObject([{ name: 'letters', k: 4, seeds: 4, rows: 4, behaviourRows: 6, rate: 0.1 }]);
    // quick reaches no verdict.
    expect(plan.hypotheses).toEqual([]);
  });

  test('names what differs from another plan, and writes nothing', async () => {
    const out = scratch();
    await registerEvidence({ ...small, out });
    const before = text(out, 'plan.json');
    await expect(registerEvidence({ ...small, seeds: 5, out })).rejects.toThrow(
      /tasks\.0\.seeds is 4 there and 5 here/,
    );
    expect(text(out, 'plan.json')).toBe(before);
    writeFileSync(join(out, 'plan.json'), `${before}\n`);
    await expect(registerEvidence({ ...small, out })).rejects.toThrow(/its bytes were changed/);
  });

  test('standard has all hypotheses, without arms fewer', async () => {
    const standard = { ...small, preset: 'standard' } as const;
    const idsOf = async (options: EvidenceOptions) => {
      const { plan } = await registerEvidence({ ...options, out: scratch() });
      return plan.hypotheses.map(({ id }) => id).join(' ');
    };
    expect(await idsOf({ ...standard, without: ['task'] })).toBe('H1 H2 H3 H4 H5 H6 H7 H8');
    expect(await idsOf({ ...standard, without: ['task', 'tokens', 'untrained'] })).toBe('H1 H3 H4 H5 H7 H8');
  });

  test.each<[EvidenceOptions, RegExp]>([
    [{ seeds: 3 }, /seeds 3: needs at least 4 .* H1 has no p below 0\.33 \(6 permutations\), .* 2 degrees of freedom/],
    [{ behaviourRows: 3 }, /behaviourRows 3: must be at least `rows`, 4/],
    [{ tasks: [LETTERS, 'nothing'] }, /tasks nothing: unknown task/],
    [{ learningRate: { words: 0.1 } }, /learningRate: words is not among `tasks`: letters/],
    [
      { learningRate: undefined },
      /no learning rate was tuned for tiny-model on letters; give a steady one as letters=RATE/,
    ],
    [{ tasks: [LETTERS, WORDS], learningRate: { letters: 0.1 } }, /was tuned for tiny-model on words/],
    [{ shots: 100 }, /shots 100: task letters has only \d+ training rows/],
    [{ pilot: 'no-such-folder' }, /holds no evidence study/],
  ])('%j is refused', async (options, message) => {
    await expect(registerEvidence({ ...small, ...options, out: scratch() })).rejects.toThrow(message);
  });

  /** The task `letters` with rows that are longer. */
  function longLetters(out: string, more: number): string {
    const rows = text(LETTERS)
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    const file = join(out, 'long.jsonl');
    cpSync(LETTERS.replace('.jsonl', '.task.json'), join(out, 'long.task.json'));
    const longer = rows.map(row => ({ ...row, text: `${row.text}${' and on'.repeat(more)}` }));
    writeFileSync(file, longer.map(row => `${JSON.stringify(row)}\n`).join(''));
    return file;
  }

  test('takes fewer demonstrations where not all fit the context, and says so in the plan', async () => {
    const { plan } = await registerEvidence({
      ...small,
      shots: 20,
      tasks: [longLetters(scratch(), 8)],
      out: scratch(),
    });
    const [{ k, shotsAsked }] = plan.tasks as [EvidencePlan['tasks'][number]];
    expect(shotsAsked).toBe(20);
    expect(k).toBeGreaterThan(0);
    expect(k).toBeLessThan(20);
  });

  test('a task whose demonstrations do not fit is refused with the rows that are too long', async () => {
    const out = scratch();
    await expect(registerEvidence({ ...small, tasks: [longLetters(scratch(), 60)], out })).rejects.toThrow(
      /task long: a context of 512 tokens is too short for one demonstration: evaluation row \d+ .* shorten or drop/,
    );
    expect(readdirSync(out)).toEqual([]);
  });

  test('a study of another model is no pilot', async () => {
    const pilot = scratch();
    const { registered, plan } = await registerEvidence({ ...small, out: pilot });
    const own = await registerEvidence({ ...small, pilot, out: scratch() });
    expect(own.plan.pilot).toBe(registered);
    writeFileSync(
      join(pilot, 'plan.json'),
      JSON.stringify({ ...plan, model: { ...plan.model, name: 'another', digest: 'another' } }),
    );
    await expect(registerEvidence({ ...small, pilot, out: scratch() })).rejects.toThrow(
      /study of another model, another/,
    );
  });
});

test('the cost of a study counts its arms and says what it can show', async () => {
  const out = scratch();
  const cost = await estimateEvidence({ ...small, preset: 'standard', without: ['task'], out, speed: null });
  expect(readdirSync(out)).toEqual([]);
  const arms = Object.fromEntries(cost.parts.map(({ part, arms }) => [part, arms]));
  expect(arms).toMatchObject({
    'zero-shot': 1,
    same: 32,
    order: 32,
    random: 8,
    rates: 12,
    'layer-causal': 4,
    untrained: 21,
  });
  expect(cost).toMatchObject({
    seconds: null,
    otherSeconds: null,
    signature: (await registerEvidence({ ...small, preset: 'standard', without: ['task'], out })).signature,
  });
  const [detectable] = cost.detectable;
  expect(detectable).toMatchObject({ task: 'letters', effectiveDimension: 8, piloted: false });
  // 16 seeds and 4 rows; section 3 of the specification.
  expect(detectable!.sharedVariation).toBeCloseTo(0.274, 3);
  expect(detectable!.smallestP).toBeCloseTo(2 / 100_001, 12);
});

describe('the time of a study by its estimate', () => {
  const speed = {
    ...{ device: 'cpu', gigaflops: 100, gigabytes: 10, gigascores: 1, gradientPasses: 3, steppedGigabytes: 2 },
    ...{ loadedGigabytes: 2, fileGigabytes: 2, diskGigabytes: 1, startSeconds: 0.2, openSeconds: 0.3 },
  };
  const options = { ...small, preset: 'standard', without: ['task'], speed } as const;
  const estimate = async (more: Partial<Parameters<typeof estimateEvidence>[0]> = {}) =>
    estimateEvidence({ ...options, ...more, out: scratch() });

  test('of its shards is that of its arms, and what each of them needs besides', async () => {
    const whole = await estimate();
    const shards = [
      await estimate({ shard: { index: 1, count: 2 } }),
      await estimate({ shard: { index: 2, count: 2 } }),
    ];
    const sumOf = (costs: readonly StudyCost[], of: 'arms' | 'tokens' | 'seconds') =>
      costs.flatMap(({ parts }) => parts).reduce((sum, part) => sum + part[of]!, 0);
    for (const of of ['arms', 'tokens', 'seconds'] as const)
      expect(sumOf(shards, of)).toBeCloseTo(sumOf([whole], of), 8);
    for (const { seconds, otherSeconds, parts } of [whole, ...shards])
      expect(seconds).toBeCloseTo(
        parts.reduce((sum, part) => sum + part.seconds!, otherSeconds!),
        8,
      );
    // Each shard matches all rates that it needs; only the whole folds.
    for (const { otherSeconds } of shards) expect(otherSeconds! / whole.otherSeconds!).toBeGreaterThan(0.9);
    expect(shards[0]!.otherSeconds).toBe(shards[1]!.otherSeconds);
  });

  test('has matched rates and untrained models where arms need them', async () => {
    const other = async (without: NonNullable<EvidenceOptions['without']>) =>
      (await estimate({ without: ['task', ...without] })).otherSeconds!;
    const [all, trained, neither] = [
      await other([]),
      await other(['untrained']),
      await other(['untrained', 'layer-causal']),
    ];
    // The sessions that each layer-causal step of the pilot closes and opens.
    expect(trained - neither).toBeGreaterThan(2 * 5 * 0.3);
    // A start, the sessions of an untrained model.
    expect(all - trained).toBeGreaterThan(0.2 + 4 * 0.3);
  });
});

describe('a study', () => {
  let whole: string;
  let result: string;

  beforeAll(async () => {
    whole = mkdtempSync(join(tmpdir(), 'dualform-evidence-'));
    const events: string[] = [];
    await runEvidence({
      ...small,
      out: whole,
      onRegistered: ({ registered }) => events.push(registered),
      onProgress: ({ stage }) => events.push(stage),
    });
    result = text(whole, 'result.json');
    // The registration is known before the first arm.
    expect(events.indexOf(sha256(text(whole, 'plan.json')))).toBeLessThan(events.indexOf('arms'));
  });

  afterAll(() => rmSync(whole, { recursive: true, force: true }));

  test('stores every arm of its plan', () => {
    const { arms } = JSON.parse(text(whole, 'plan.json')).tasks[0];
    const stored = readdirSync(join(whole, 'letters', 'arms')).filter(name => name.endsWith('.json'));
    expect(stored.map(name => name.replace('.json', '')).sort()).toEqual(
      arms.map((id: string) => id.replaceAll(/[/:]/g, '-')).sort(),
    );
    const { registered, hypotheses } = JSON.parse(result);
    expect({ registered, hypotheses }).toEqual({ registered: sha256(text(whole, 'plan.json')), hypotheses: [] });
  });

  test('repeats its result byte for byte from the stored arms, and when some are computed again', async () => {
    const copy = scratch();
    cpSync(whole, copy, { recursive: true });
    await foldFolder(copy);
    expect(text(copy, 'result.json')).toBe(result);
    for (const name of ['result.json', '.result.sha256', 'letters/arms/F-2-same.json', 'letters/arms/I-3-order.json'])
      rmSync(join(copy, name));
    const { arms } = await runEvidence({ ...small, out: copy });
    expect(arms).toMatchObject({ missing: [] });
    expect(arms.arms - arms.found).toBe(2);
    expect(text(copy, 'result.json')).toBe(result);
  });

  test('is computed in shards, and the last one folds', async () => {
    const out = scratch();
    const first = await runEvidence({ ...small, out, shard: { index: 1, count: 2 } });
    expect(first.result).toBeNull();
    expect(first.arms.missing.length).toBeGreaterThan(5);
    const second = await runEvidence({ ...small, out, shard: { index: 2, count: 2 } });
    expect(second.result).not.toBeNull();
    expect(text(out, 'result.json')).toBe(result);
  });

  test('is computed by several processes at once, with the same bytes', async () => {
    const out = scratch();
    const { arms } = await runEvidence({ ...small, out, executor: inProcesses(2), threads: 2 });
    expect(arms).toMatchObject({ found: 0, missing: [] });
    expect(text(out, 'result.json')).toBe(result);
    expect(readdirSync(out).sort()).toEqual(readdirSync(whole).sort());
    const files = readdirSync(join(whole, 'letters', 'arms')).sort();
    expect(readdirSync(join(out, 'letters', 'arms')).sort()).toEqual(files);
    for (const name of files.filter(each => each.endsWith('.safetensors')))
      expect(
        readFileSync(join(out, 'letters/arms', name)).equals(readFileSync(join(whole, 'letters/arms', name))),
      ).toBe(true);
  });

  test('is refused with more processes than fit the memory', async () => {
    await expect(runEvidence({ ...small, out: scratch(), executor: inProcesses(1e6) })).rejects.toThrow(
      /jobs 1000000: a cell needs up to .* would fit/,
    );
  });

  test('says which tokens it fed and what memory it took, over all calls', async () => {
    const { parts } = await estimateEvidence({ ...small, out: scratch(), speed: null });
    const tokens = parts.reduce((sum, part) => sum + part.tokens, 0);
    const { timing } = JSON.parse(text(whole, 'provenance.json'));
    expect(timing.tokens).toEqual({ arms: tokens, fold: 0 });
    expect(timing.peakMemoryBytes).toBeGreaterThan(5e7);
    const out = scratch();
    for (const index of [1, 2]) await runEvidence({ ...small, out, shard: { index, count: 2 } });
    expect(JSON.parse(text(out, 'provenance.json')).timing.tokens.arms).toBe(tokens);
  });

  test('claims no machine for arms that it finds without times', async () => {
    const copy = scratch();
    cpSync(whole, copy, { recursive: true });
    rmSync(join(copy, 'provenance.json'));
    const { arms, provenance } = await runEvidence({ ...small, out: copy });
    expect(arms.found).toBe(arms.arms);
    expect(provenance.device).toBe('unknown');
    expect(readdirSync(copy)).not.toContain('provenance.json');
    expect(text(copy, 'result.json')).toBe(result);
  });

  test('says on which device it was begun, even if it is stopped before its first arm is stored', async () => {
    const out = scratch();
    const stop = new AbortController();
    const onProgress = ({ stage }: { readonly stage: string }) => stage === 'arms' && stop.abort();
    await expect(runEvidence({ ...small, out, signal: stop.signal, onProgress })).rejects.toThrow(/interrupted/);
    const { provenance, timing } = JSON.parse(text(out, 'provenance.json'));
    expect(provenance).toMatchObject({ threads: 1, device: 'cpu' });
    expect(timing.tokens).toEqual({ arms: 0, fold: 0 });
  });

  test('chains what is added later to its registration', async () => {
    const copy = scratch();
    cpSync(whole, copy, { recursive: true });
    const { registered } = JSON.parse(result);
    const added = ['F/1/mine', 'F/2/mine'].map(id => {
      return { kind: 'arm', id, task: 'letters', description: 'steps of my own' } as const;
    });
    for (const each of added) await addAdditions(copy, registered, [each]);
    await addAdditions(copy, registered, added);
    expect(await readAdditions(copy, registered)).toEqual(added);
    const file = join(copy, 'additions.json');
    const changed = readFileSync(file, 'utf8').replace('steps of my own', 'other steps');
    writeFileSync(file, changed);
    await expect(readAdditions(copy, registered)).rejects.toThrow(/entry 2 does not follow/);
  });

  test("takes an arm and a contrast of one's own, marked exploratory", async () => {
    const copy = scratch();
    cpSync(whole, copy, { recursive: true });
    const planned = await planEvidence(small);
    const own = {
      task: 'letters',
      setting: 'finetuned',
      variant: 'own-copy',
      seeds: [1, 2, 3, 4],
      description: 'the same steps again',
    } as const;
    await runOwnArm(planned, own, { folder: copy, threads: 1 });
    // Its steps are those of F/d/same.
    const [mine, same] = ['F-2-own-copy', 'F-2-same'].map(name => text(copy, `letters/arms/${name}.safetensors`));
    expect(mine).toBe(same);
    const batch = { ...own, variant: 'own-batch', seeds: [2], finetune: finetuneInOneStep } as const;
    await runOwnArm(planned, batch, { folder: copy, threads: 1 });
    expect(text(copy, 'letters/arms/F-2-own-batch.safetensors')).not.toBe(same);
    const contrast = (variant: 'own-copy' | 'random') => ({
      ...{ task: 'letters', id: 'mine', description: 'S of the same less S of mine' },
      value: (arms: TaskArms) => similarityLess(arms, compared(), compared(undefined, trained('finetuned', variant))),
    });
    const value = await foldOwnContrast(copy, contrast('own-copy'));
    expect(value).toMatchObject({ value: 0, exploratory: true, n: { seeds: 4, rows: 4 } });
    const { registered } = JSON.parse(result);
    expect((await readAdditions(copy, registered)).map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      ...[1, 2, 3, 4].map(seed => `arm F/${seed}/own-copy`),
      'arm F/2/own-batch',
      'contrast mine',
    ]);
    // Adding it again changes nothing; another number needs another name.
    const listed = text(copy, 'additions.json');
    await foldOwnContrast(copy, contrast('own-copy'));
    expect(text(copy, 'additions.json')).toBe(listed);
    await expect(foldOwnContrast(copy, contrast('random'))).rejects.toThrow(/has another contrast mine of letters/);
    // The registered numbers stay as they are.
    await foldFolder(copy);
    const [task, before] = [JSON.parse(text(copy, 'result.json')), JSON.parse(result)].map(({ tasks }) => tasks[0]);
    for (const name of ['gates', 'shared', 'ceiling', 'partition', 'explained', 'matrix'])
      expect(task[name]).toEqual(before[name]);
    await expect(runOwnArm(planned, { ...own, seeds: [5] }, { folder: copy })).rejects.toThrow(
      /the seeds 1 to 4, not 5/,
    );
    await expect(runOwnArm(planned, { ...own, task: 'sst2' }, { folder: copy })).rejects.toThrow(/no task sst2/);
  });

  test('plans another by its variances', async () => {
    const { detectable } = await estimateEvidence({ ...small, pilot: whole, seeds: 16, out: scratch(), speed: null });
    const { effectiveDimension } = JSON.parse(result).tasks[0].shared.demonstrations;
    expect(detectable[0]).toMatchObject({ piloted: true, effectiveDimension });
  });

  test('refuses arms that were changed', async () => {
    const copy = scratch();
    cpSync(whole, copy, { recursive: true });
    appendFileSync(join(copy, 'letters/arms/F-2-same.safetensors'), 'x');
    await expect(foldFolder(copy)).rejects.toThrow(/F-2-same\.safetensors/);
  });
});
