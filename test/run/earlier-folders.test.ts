/**
 * @file Folders of an earlier version, with the keys `documentStart`, `memory`, `width` and
 * `judged`. `test/fixtures/earlier-folders/` holds some that it wrote.
 */
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/files/canonical-json.ts';
import { renameKeys } from '../../src/files/rename-keys.ts';
import { signatureOf, upgradePlan } from '../../src/run/plan.ts';
import { prepare } from '../../src/run/prepare.ts';
import { runExperiment } from '../../src/run/run.ts';
import { runTheory } from '../../src/study/dual-form/run-theory.ts';
import { upgradeMomentumPlan } from '../../src/study/momentum/plan.ts';
import { type MomentumOptions, runMomentum } from '../../src/study/momentum/run.ts';
import { upgradeTrainingPlan } from '../../src/train/plan.ts';
import { type TrainRunOptions, trainModel } from '../../src/train/run.ts';
import { CORPUS } from '../train/tiny.ts';
import { digests, scratch, tinyRun } from './tiny.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/earlier-folders/', import.meta.url));

function copyOf(fixture: string): string {
  const out = join(scratch(), 'run');
  cpSync(join(FIXTURES, fixture), out, { recursive: true });
  return out;
}

const jsonOf = (folder: string, name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));

describe('a run', () => {
  test('that is finished is shown in the words of today, nothing computed', async () => {
    const out = copyOf('run');
    const old = jsonOf(out, 'result.json');
    const times = jsonOf(out, 'provenance.json').timing;
    const stages: string[] = [];
    const onProgress = ({ stage }: { readonly stage: string }) => stages.push(stage);
    const { result, timing, found } = await runExperiment({ ...tinyRun, out, onProgress });
    expect(stages.filter(stage => stage !== 'load')).toEqual([]);
    expect(found).toBe(12);
    const { width, ...model } = old.model;
    const { threads, ...wishes } = tinyRun;
    const { plan, signature } = await prepare(wishes);
    expect(result).toEqual({ ...old, signature, model: { ...model, hiddenSize: width } });
    expect(timing.seconds.prefix).toBe(times.seconds.memory);
    expect(timing.tokens.prefix).toBe(times.tokens.memory);
    // The folder then has today's keys.
    expect(jsonOf(out, 'plan.json')).toEqual(plan);
    expect(jsonOf(out, 'result.json')).toEqual(result);
    expect(jsonOf(out, 'provenance.json').timing).toEqual(timing);
    expect(readFileSync(join(out, 'tokens.jsonl'), 'utf8')).toMatch(/^\{"kind":"prefix","setting":"zero-shot"/);
    const again = await runExperiment({ ...tinyRun, out });
    expect(again.result).toEqual(result);
    expect(again.timing).toEqual(timing);
  });

  /**
   * Rewrites a folder of this version, whose numbers have the rounding of this machine, with the
   * earlier keys.
   */
  function intoEarlierWords(folder: string): void {
    const text = (name: string) => readFileSync(join(folder, name), 'utf8');
    const plan = text('plan.json').replace('dualform.plan/2', 'dualform.plan/1').replace('"bos"', '"documentStart"');
    writeFileSync(join(folder, 'plan.json'), plan);
    writeFileSync(join(folder, 'tokens.jsonl'), text('tokens.jsonl').replaceAll('"kind":"prefix"', '"kind":"memory"'));
    writeFileSync(join(folder, 'provenance.json'), text('provenance.json').replaceAll('"prefix"', '"memory"'));
  }

  test('that is not finished resumes and ends in the bytes of a run of today', async () => {
    const out = join(scratch(), 'run');
    await runExperiment({ ...tinyRun, out });
    const whole = digests(out);
    intoEarlierWords(out);
    for (const name of ['plan.json', 'tokens.jsonl']) {
      expect(readFileSync(join(out, name), 'utf8')).toBe(readFileSync(join(FIXTURES, 'run', name), 'utf8'));
    }
    rmSync(join(out, 'result.json'));
    truncateSync(join(out, 'metrics.jsonl'), Math.floor(0.45 * readFileSync(join(out, 'metrics.jsonl')).length));
    const seconds = jsonOf(out, 'provenance.json').timing.seconds.memory;
    const { found, timing } = await runExperiment({ ...tinyRun, out });
    expect(found).toBe(4);
    expect(digests(out)).toEqual(whole);
    expect(timing.seconds.prefix).toBeGreaterThan(seconds);
  });

  test('of another plan is refused by what differs, not by its words', async () => {
    const out = copyOf('run');
    await expect(runExperiment({ ...tinyRun, shots: 3, out })).rejects.toThrow(
      /another plan: shots\w* is 4 there and 3 here/,
    );
    expect(jsonOf(out, 'plan.json').schema).toBe('dualform.plan/1');
  });

  test('of 0.2.0 is refused in one line', async () => {
    const out = copyOf('run');
    const { variant, ...metrics } = jsonOf(out, 'plan.json').metrics;
    const plan = { version: '0.2.0', ...jsonOf(out, 'plan.json'), metrics };
    writeFileSync(join(out, 'plan.json'), JSON.stringify(plan));
    await expect(runExperiment({ ...tinyRun, out })).rejects.toThrow(
      `${out}: was written by dualform 0.2.0, whose numbers differ from this version's ` +
        '(plan schema "dualform.plan/1" there, "dualform.plan/2" here); give another `out`',
    );
  });
});

test.each([
  ['run', 'documentStart', 'bos'],
  ['train', 'width', 'hiddenSize'],
  ['momentum', 'judged', 'evaluated'],
])('a plan of %s in the words of before becomes one of today, which stays as it is', (fixture, before, today) => {
  const upgrade = { run: upgradePlan, train: upgradeTrainingPlan, momentum: upgradeMomentumPlan }[fixture]!;
  const old = jsonOf(join(FIXTURES, fixture), 'plan.json') as Json;
  const upgraded = upgrade(old);
  expect(JSON.stringify(old)).toContain(`"${before}"`);
  expect(JSON.stringify(upgraded)).toContain(`"${today}"`);
  expect(JSON.stringify(upgraded)).not.toMatch(/"(documentStart|width|judged)"/);
  expect(upgrade(upgraded)).toBe(upgraded);
});

test('the signature of a plan holds schema and metric variant, and no version of the program', async () => {
  const { plan, signature } = await prepare({ model: tinyRun.model, task: tinyRun.task, learningRate: 0.1 });
  expect(signature).toBe(signatureOf(plan));
  expect(JSON.stringify(plan)).not.toMatch(/version/i);
  expect(signatureOf({ ...plan, schema: 'dualform.plan/0' })).not.toBe(signature);
  expect(signatureOf({ ...plan, metrics: { ...plan.metrics, variant: 0 } })).not.toBe(signature);
});

test('a theory folder keeps its chapters', async () => {
  const out = join(scratch(), 'theory');
  const options = {
    model: tinyRun.model,
    task: tinyRun.task,
    learningRate: 0.1,
    threads: 1,
    chapters: ['1'] as const,
    out,
  };
  const computed = await runTheory(options);
  const plan = jsonOf(out, 'plan.json') as Json;
  const old = renameKeys(plan, { 'experiment.bos': 'documentStart' }) as { readonly experiment: object };
  const experiment = { ...old.experiment, schema: 'dualform.plan/1' };
  writeFileSync(join(out, 'plan.json'), JSON.stringify({ ...old, experiment }));
  expect(await runTheory(options)).toEqual({ ...computed, found: ['1'] });
  expect(jsonOf(out, 'plan.json')).toEqual(plan);
});

describe('a training run', () => {
  const training: TrainRunOptions = {
    ...{ corpus: [CORPUS], layers: 1, heads: 1, hiddenSize: 4, vocabulary: 260, context: 8, batch: 2, steps: 6 },
    ...{ evaluateEvery: 3, checkpointEvery: 2, threads: 1 },
  };

  test('that is finished is shown in the words of today', async () => {
    const out = copyOf('train');
    const { result, found } = await trainModel({ ...training, out });
    expect(found).toBe(6);
    const { width, ...model } = jsonOf(out, 'result.json').model;
    expect(result.model).toEqual({ ...model, hiddenSize: width });
    const fresh = await trainModel({ ...training, out: join(scratch(), 'run') });
    expect(result.signature).toBe(fresh.result.signature);
    expect(Object.keys(result.model)).toEqual(Object.keys(fresh.result.model));
  });

  test('that is not finished resumes from its checkpoint', async () => {
    const { result, found } = await trainModel({ ...training, out: copyOf('train-part') });
    expect(found).toBe(4);
    const fresh = await trainModel({ ...training, out: join(scratch(), 'run') });
    expect(result.predictions.validation.loss).toBeCloseTo(fresh.result.predictions.validation.loss, 5);
  });
});

describe('a momentum study', () => {
  const study: MomentumOptions = {
    ...{ etas: [0.5], seeds: [1, 2], steps: 4, batch: 2, tests: 2, layers: 1, heads: 1, hiddenSize: 4, threads: 1 },
    ...{ corpus: [CORPUS], vocabulary: 260, context: 32, evaluationTokens: 128, classify: [] },
    ...{ examples: 3, pairs: 3, queries: 2, length: 8, tasks: ['language', 'linear-regression'] },
  };

  test('that is finished is folded anew from its cells', async () => {
    const out = copyOf('momentum');
    const text = readFileSync(join(out, 'result.json'), 'utf8');
    const old = JSON.parse(text.replaceAll('"width"', '"hiddenSize"').replace('"judged"', '"evaluated"'));
    const { result, found, cells } = await runMomentum({ ...study, out });
    expect([found, cells]).toEqual([8, 8]);
    expect(result.signature).not.toBe(old.signature);
    expect({ ...result, signature: old.signature }).toEqual(old);
    expect(jsonOf(out, 'plan.json').schema).toBe('dualform.momentum-plan/3');
  });

  test('that is not finished resumes with the cells that are missing', async () => {
    const out = copyOf('momentum');
    rmSync(join(out, 'result.json'));
    rmSync(join(out, 'cells/language-eta-0-seed-1.json'));
    expect((await runMomentum({ ...study, out })).found).toBe(7);
  });
});
