import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { formatTune } from '../../src/cli/tune/view.ts';
import { UserError } from '../../src/error.ts';
import type { Progress } from '../../src/hooks.ts';
import { Interrupted } from '../../src/run/interrupted.ts';
import { runExperiment } from '../../src/run/run.ts';
import { shareModel } from '../../src/run/shared-model.ts';
import type { TuneResult } from '../../src/run/tune/result.ts';
import { type TuneOptions, tune } from '../../src/run/tune/tune.ts';
import { finetune } from '../../src/setting/finetune.ts';
import { inProcesses } from '../../src/study/sweep/in-processes.ts';
import { openTask } from '../../src/task/open-task.ts';
import type { Row } from '../../src/task/row.ts';
import { chooseDemonstrations } from '../../src/task/sequence.ts';
import { digestsBelow } from '../cell/scratch.ts';
import { LETTERS, scratch, TINY_MODEL, WORDS } from './tiny.ts';

vi.mock('../../src/setting/finetune.ts', { spy: true });

const tiny = { model: TINY_MODEL, task: LETTERS, threads: 1, batchSize: 4, seeds: [3, 1, 2], rows: 10 } as const;

const shared = shareModel();
afterAll(() => shared.close());
/** With one compute process and model for all calls. */
const choose = (options: TuneOptions) => tune(options, shared);

const DIVERGES = 1e39;

const points = <K extends 'seed' | 'learning-rate'>({ grid }: TuneResult, kind: K) =>
  grid.filter((point): point is Extract<(typeof grid)[number], { kind: K }> => point.kind === kind);

test('the choice is the best of the grid, and no other rows repeat the validation rows', async () => {
  const events: Progress[] = [];
  const result = await tune({
    ...tiny,
    rule: 'paper',
    learningRates: [0.5, 0.1],
    onProgress: event => events.push(event),
  });
  const seeds = points(result, 'seed');
  const rates = points(result, 'learning-rate');
  expect(seeds.map(({ seed }) => seed)).toEqual([1, 2, 3]);
  expect(rates.map(({ learningRate }) => learningRate)).toEqual([0.1, 0.5]);

  const bestOf = (accuracies: readonly (number | null)[]) =>
    accuracies.indexOf(Math.max(...accuracies.map(a => a ?? -1)));
  expect(result.seed).toBe(seeds[bestOf(seeds.map(({ accuracy }) => accuracy))]!.seed);
  expect(result.learningRate).toBe(rates[bestOf(rates.map(({ accuracy }) => accuracy))]!.learningRate);
  for (const { n, accuracy, interval } of [...result.grid, result.zeroShot]) {
    expect(n).toBe(10);
    expect(interval!.low).toBeLessThanOrEqual(accuracy!);
    expect(interval!.high).toBeGreaterThanOrEqual(accuracy!);
  }

  const task = await openTask(LETTERS);
  const demonstrations = [1, 2, 3].flatMap(seed => chooseDemonstrations(task, seed, 4).map(({ id }) => id));
  const evaluated = task.evaluation().map(({ id }) => id);
  expect(result.rows.length).toBe(10);
  expect(new Set(result.rows).size).toBe(10);
  for (const row of result.rows) {
    expect(demonstrations).not.toContain(row);
    expect(evaluated).not.toContain(row);
  }
  const evaluation = events.filter(({ stage }) => stage === 'evaluation');
  expect(evaluation.at(-1)).toMatchObject({ done: 80, total: 80 });
});

test('accuracies are those of a run that evaluates the same rows', async () => {
  const tuned = await choose({ ...tiny, task: WORDS, seeds: [1], learningRates: [0.1] });
  const task = await openTask(WORDS);
  const folder = scratch();
  const write = (name: string, value: object | readonly object[]) =>
    writeFileSync(
      join(folder, name),
      [value]
        .flat()
        .map(each => JSON.stringify(each))
        .join('\n'),
    );
  const asRow = ({ fields, label }: Row) => ({ ...fields, label });
  const validation = tuned.rows.map(id => task.train().find(row => row.id === id)!);
  write('train.jsonl', task.train().map(asRow));
  write('validation.jsonl', validation.map(asRow));
  const labels = task.labels;
  write('same.task.json', {
    template: task.template,
    labels,
    train: 'train.jsonl',
    evaluation: 'validation.jsonl',
    shots: 4,
  });
  const { result } = await runExperiment({
    model: TINY_MODEL,
    task: join(folder, 'same.task.json'),
    seed: 1,
    learningRate: 0.1,
    threads: 1,
    out: join(folder, 'run'),
  });
  expect(result.accuracy).toEqual({
    'zero-shot': tuned.zeroShot.accuracy,
    'in-context': points(tuned, 'seed')[0]!.accuracy,
    finetuned: points(tuned, 'learning-rate')[0]!.accuracy,
  });
});

test('a rate that diverges is in the grid and is not chosen', async () => {
  const result = await choose({ ...tiny, seeds: [1], learningRates: [0.01, 1e39] });
  expect(result.learningRate).toBe(0.01);
  expect(points(result, 'learning-rate')[1]).toMatchObject({
    learningRate: 1e39,
    accuracy: null,
    steady: null,
    refused: 'diverged',
    interval: null,
    why: expect.stringMatching(/diverged/),
  });
});

test('a rate that rounding decides is refused by the steady rule, and named by the rule of the paper', async () => {
  const rates = { ...tiny, shots: 12, seeds: [1], learningRates: [0.05, 0.1] };
  const steady = await choose(rates);
  expect(steady.steady!.range).toEqual([0.05, 0.1]);
  for (const { steady: measured, refused } of points(steady, 'learning-rate')) {
    expect(refused).toBeUndefined();
    expect(measured!.moved).toBe(0);
    expect(measured!.cosine).toBeGreaterThan(0.999);
  }
  expect(
    vi
      .mocked(finetune)
      .mock.calls.slice(-4)
      .map(([, , { learningRate }]) => learningRate),
  ).toEqual([0.05, 0.05 * (1 + 1e-6), 0.1, 0.1 * (1 + 1e-6)]);

  const { finetune: original } = await vi.importActual<typeof import('../../src/setting/finetune.ts')>(
    '../../src/setting/finetune.ts',
  );
  onTestFinished(() => void vi.mocked(finetune).mockImplementation(original));
  vi.mocked(finetune).mockImplementation((model, sequences, options) =>
    original(model, sequences, {
      ...options,
      learningRate: options.learningRate === 0.05 * (1 + 1e-6) ? 300 : options.learningRate,
    }),
  );
  const unsteady = await choose(rates);
  expect(unsteady).toMatchObject({ learningRate: 0.1, steady: { learningRate: 0.1, range: [0.1, 0.1] } });
  const [moving, still] = points(unsteady, 'learning-rate');
  expect(moving!.steady!.moved).toBeGreaterThan(0.01);
  expect(moving!.refused).toMatch(/a nudge by a millionth moves .* of the answers/);
  expect(still!.steady!.moved).toBe(0);
  expect(formatTune(unsteady)).toContain(moving!.refused);

  const paper = await choose({ ...rates, rule: 'paper', learningRates: [0.05] });
  expect(paper).toMatchObject({ learningRate: 0.05, steady: null, why: expect.stringContaining('0.05: a nudge') });
  expect(formatTune(paper)).toContain('Its accuracy may differ on another machine; no rate can be chosen');
  await expect(choose({ ...rates, learningRates: [0.05] })).rejects.toThrow(
    /^`learningRates` 0.05: no rate can be chosen .*; give other rates, or `rule` paper/,
  );
});

describe('refusals', () => {
  test.each([
    [{ learningRates: [1e39] }, /finetuning diverges at each/],
    [{ learningRates: [0] }, /^learningRates 0/],
    [{ seeds: [] }, /^seeds .*: needs at least one/],
    [{ seeds: [1.5] }, /^seeds 1.5/],
    [{ rows: 0 }, /^rows 0/],
    [{ shots: 0 }, /^shots 0/],
    [{ shots: 48 }, /no training row is left/],
  ])('%o', async (change, message) => {
    const refused = choose({ ...tiny, seeds: [1], learningRates: [0.1], ...change });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toBeInstanceOf(UserError);
  });
});

describe('in a folder', () => {
  const grid = { ...tiny, shots: 12, seeds: [1], learningRates: [0.05, 0.1, DIVERGES] };

  test('a choice that was stopped resumes with the points that are missing, to the same bytes', async () => {
    const [whole, out] = [join(scratch(), 'whole'), join(scratch(), 'stopped')];
    const expected = await choose({ ...grid, out: whole });
    expect(expected).toEqual(await choose(grid));
    const stop = new AbortController();
    // The signal ends the compute process.
    const stopped = tune({
      ...{ ...grid, out, signal: stop.signal },
      onProgress: ({ part }) => part === 'finetuned, learning rate 0.1' && stop.abort(),
    });
    await expect(stopped).rejects.toThrow(/^interrupted; what was computed is kept in .*; the same command resumes/);
    expect(readdirSync(join(out, 'grid'))).toContain('finetuned-seed-1-rate-0.05.json');
    vi.mocked(finetune).mockClear();
    const events: Progress[] = [];
    expect(await choose({ ...grid, out, onProgress: event => events.push(event) })).toEqual(expected);
    expect(vi.mocked(finetune).mock.calls.map(([, , { learningRate }]) => learningRate)).toEqual([
      0.1,
      0.1 * (1 + 1e-6),
      DIVERGES,
    ]);
    expect(events.at(-1)).toMatchObject({ done: 80, total: 80 });
    expect(digestsBelow(out)).toEqual(digestsBelow(whole));
    expect(readdirSync(out)).not.toContain('.work');
    vi.mocked(finetune).mockClear();
    expect(await choose({ ...grid, out })).toEqual(expected);
    expect(vi.mocked(finetune)).not.toHaveBeenCalled();
    await expect(choose({ ...grid, rows: 9, out })).rejects.toThrow(/holds a run of another plan: rows/);
  });

  test('points at once, each in its process, leave the bytes of one after the other', async () => {
    const [one, two] = [join(scratch(), 'one'), join(scratch(), 'two')];
    const expected = await choose({ ...grid, out: one });
    expect(await tune({ ...grid, out: two, executor: inProcesses(2) })).toEqual(expected);
    expect(digestsBelow(two)).toEqual(digestsBelow(one));
  });
});

test('a signal stops it', async () => {
  const controller = new AbortController();
  const stopped = tune({ ...tiny, signal: controller.signal, onProgress: () => controller.abort() });
  await expect(stopped).rejects.toBeInstanceOf(Interrupted);
});
